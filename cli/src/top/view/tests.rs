//! What stands on the screen, at 80 columns and 24 rows, for states of the app.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};

use super::*;
use crate::{
    top::{
        event::{Answer, Effect, Event},
        samples,
        tail::Heard,
        text,
    },
    up::Part,
};

const COLOURLESS: Theme = Theme { has_colours: false };

fn draw_at(app: &mut App, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let drawn = terminal.draw(|frame| draw(frame, app, COLOURLESS));
    drawn.unwrap().buffer.clone()
}

/// The rows as text, without the blanks at their ends.
fn rows(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area();
    let row = |y| {
        let mut row = String::new();
        let mut x = 0;
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            // The cell after a wide character is hidden by it.
            x += text::columns(symbol).max(1) as u16;
        }
        row.trim_end().to_owned()
    };
    (0..area.height).map(row).collect()
}

fn screen(app: &mut App) -> String {
    rows(&draw_at(app, 80, 24)).join("\n")
}

fn press(app: &mut App, keys: &str) -> Option<Effect> {
    let mut effect = None;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            key => KeyCode::Char(key),
        };
        effect = app.update(Event::Key(KeyEvent::from(code)));
    }
    effect
}

fn answer(app: &mut App, at: Instant, answer: Answer) -> Option<Effect> {
    app.update(Event::Answered { at, answer })
}

/// Two rounds of answers, two seconds apart.
fn stocked() -> (App, Instant) {
    let mut app = App::new();
    let start = Instant::now();
    let at = start + Duration::from_secs(2);
    for part in [Part::Producer, Part::Consumer] {
        answer(
            &mut app,
            start,
            Answer::Readiness(part, Ok(samples::readiness())),
        );
    }
    let away = Answer::Readiness(
        Part::Seer,
        Err("no seer at http://127.0.0.1:8030".to_owned()),
    );
    answer(&mut app, start, away);
    for (at, more) in [(start, 0), (at, 50)] {
        let topics = vec![
            samples::topic("orders", &[1_000 + more, 200]),
            samples::topic(&"long.".repeat(40), &[7]),
            samples::topic("kafkloud-lifecycle", &[0]),
        ];
        let groups = vec![
            samples::group("consumer", &[(1_000 + more, 1_000 + more), (200, 200)]),
            samples::group(
                "billing \u{1b}[31m",
                &[(500, 1_000 + more), (150 + more, 200)],
            ),
        ];
        answer(&mut app, at, Answer::Summary(Ok(samples::summary())));
        answer(&mut app, at, Answer::Topics(Ok(topics)));
        answer(&mut app, at, Answer::Groups(Ok(groups)));
    }
    (app, at)
}

fn hear(app: &mut App, heard: Heard) {
    app.update(Event::Tail {
        generation: 1,
        heard,
    });
}

fn tailing() -> App {
    let (mut app, _) = stocked();
    press(&mut app, "G\n");
    hear(&mut app, Heard::Connected);
    for (offset, value) in (1_050..).zip([r#"{"order":1}"#, "日本語\u{1b}[2J\u{202e}", "last"]) {
        let record = samples::record(offset, value);
        hear(&mut app, Heard::Record(Box::new(record)));
    }
    hear(&mut app, Heard::Missed(1_234));
    hear(
        &mut app,
        Heard::Record(Box::new(samples::record(2_500, "after the gap"))),
    );
    app
}

/// The consumer has gone twelve seconds ago.
fn abandoned() -> App {
    let (mut app, at) = stocked();
    let at = at + Duration::from_secs(12);
    let away = || {
        "no consumer at http://127.0.0.1:8072: start it with `make up` or `kafkloud up`".to_owned()
    };
    answer(&mut app, at, Answer::Readiness(Part::Consumer, Err(away())));
    answer(&mut app, at, Answer::Summary(Err(away())));
    answer(&mut app, at, Answer::Topics(Err(away())));
    app
}

/// As it is drawn, but for the colours.
#[track_caller]
fn assert_shows(app: &mut App, expected: &str) {
    let shown = screen(app);
    // The rows of an expected screen begin below its first quote.
    assert!(shown == expected.trim_start_matches('\n'), "{shown}");
}

#[test]
fn topics() {
    let (mut app, _) = stocked();
    assert_shows(&mut app, TOPICS);
}

#[test]
fn partitions_of_a_group() {
    let (mut app, _) = stocked();
    press(&mut app, "2\n");
    assert_shows(&mut app, PARTITIONS);
}

#[test]
fn flow_of_messages() {
    let (mut app, _) = stocked();
    press(&mut app, "3");
    assert_shows(&mut app, FLOW);
}

#[test]
fn tail_with_a_gap() {
    assert_shows(&mut tailing(), TAIL);
}

#[test]
fn message_and_its_life() {
    let mut app = tailing();
    press(&mut app, "kkkk\n");
    let id = app.message.as_ref().unwrap().record.id;
    app.update(Event::Life {
        id,
        life: Ok(Some(samples::life(id))),
    });
    assert_shows(&mut app, MESSAGE);
}

#[test]
fn a_service_that_is_away_while_a_filter_is_typed() {
    let mut app = abandoned();
    press(&mut app, "i/or?");
    assert_shows(&mut app, AWAY);
}

/// No size is too small to be drawn, and nothing is drawn beyond it.
#[test]
fn every_screen_at_every_size() {
    for keys in ["1", "1?", "2", "2\n", "3", "4", "4\n", "4/x"] {
        for width in (1..140).step_by(9) {
            for height in 1..32 {
                let mut app = tailing();
                press(&mut app, keys);
                draw_at(&mut app, width, height);
            }
        }
    }
}

const TOPICS: &str = r#"
kafkloud  ● producer  ● streamer  ● consumer  ✗ seer
● accepted      ● streamed      ● consumed      ● indexed       ● dead
  12.3k  13/s     12.3k  13/s     12.3k  12/s     1.23M           3  0.1/s
 1 Topics   2 Groups   3 Flow   4 Tail
2 topics · internal ones hidden
topic ▲                            partitions    records    records/s       size
long.long.long.…long.long.long.             1          7           25      85 kB
orders                                      2      1,250           25      85 kB















↑↓ move  Enter tail  / find  s r sort  i internal  Tab view  ? help  q quit"#;

const PARTITIONS: &str = r#"
kafkloud  ● producer  ● streamer  ● consumer  ✗ seer
● accepted      ● streamed      ● consumed      ● indexed       ● dead
  12.3k  13/s     12.3k  13/s     12.3k  12/s     1.23M           3  0.1/s
 1 Topics   2 Groups   3 Flow   4 Tail                             › partitions
billing \u{1b}[31m · Stable · 1 member: billing \u{1b}[31m@127.0.0.1
partition                committed    next offset      lag ▼  read by
orders:0                       500          1,050        550  billing \u{1b}[31m
orders:1                       200            200          0  billing \u{1b}[31m















↑↓ move  / find  s r sort  Esc back  Tab view  ? help  q quit"#;

const FLOW: &str = r#"
kafkloud  ● producer  ● streamer  ● consumer  ✗ seer
 1 Topics   2 Groups   3 Flow   4 Tail
the way of a message, and who brings it on
  stage           messages    messages/s  the last while
● accepted          12,345            13  ██
● streamed          12,345            13  ██
● consumed          12,300            12  ██
● indexed        1,234,567             0
● dead                   3           0.1  ██

  service
● producer  ready
● streamer  ready
● consumer  ready       45 records wait for it
✗ seer      away        no seer at http://127.0.0.1:8030








Tab view  ? help  q quit"#;

const TAIL: &str = r#"
kafkloud  ● producer  ● streamer  ● consumer  ✗ seer
● accepted      ● streamed      ● consumed      ● indexed       ● dead
  12.3k  13/s     12.3k  13/s     12.3k  12/s     1.23M           3  0.1/s
 1 Topics   2 Groups   3 Flow   4 Tail
orders · live, 25/s · 1,234 missed · 4 seen
time (UTC)    place   key  value
09:30:01.173  0:1050  a/b  {"order":1}
09:30:01.174  0:1051  a/b  日本語\u{1b}[2J\u{202e}
09:30:01.175  0:1052  a/b  last
── 1,234 records missed: they came faster than they were taken ──
09:30:02.623  0:2500  a/b  after the gap












↑↓ Enter open  Space pause  / find  w where  Esc back  Tab view  ? help  q quit"#;

const MESSAGE: &str = r#"
kafkloud  ● producer  ● streamer  ● consumer  ✗ seer
 1 Topics   2 Groups   3 Flow   4 Tail                                › message
orders / 0 / 1050 · 7e2615e0-46ee-5339-b7f5-9252d09e6f7b
  topic      orders
  time       2026-01-31T09:30:01.173000Z
  key        a/b
  trace      0af7651916cd43dd8448eb211c80319c
Life
  ● accepted   09:30:00.123               ━·······················  producer
  ● streamed   09:30:00.124     +0.84 ms  ━━━━━━━·················  producer
  ● consumed   09:30:00.126     +2.10 ms  ·······━━━━━━━━━━━━━━━━━  consumer
  ○ indexed    the seer is away
Headers
  content-type: application/json
Value, 11 B, as JSON
  {
    "order": 1
  }





↑↓ scroll  v JSON, text, hex  Esc back  Tab view  ? help  q quit"#;

const AWAY: &str = r#"
kafkloud  ● producer  ● streamer  ✗ consumer  ✗ seer              as of 12 s ago
● accepted      ● streamed      ● consumed      ● indexed       ● dead
  12.3k           12.3k           12.3k           1.23M           3
 1 Topics   2 Groups   3 Flow   4 Tail
0 of 3 topics · internal ones too · “or?”                         as of 12 s ago

Nothing matches.















✗ consumer is away: no consumer at http://127.0.0.1:8072: start it with `make u…
/or?   Enter keep  Esc clear"#;
