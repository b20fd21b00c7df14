use std::sync::Arc;

use crossterm::event::KeyCode;

use super::*;
use crate::{
    selection::Selection,
    top::{
        event::{Answer, Effect},
        samples,
        tail::Heard,
    },
};

fn press(app: &mut App, code: KeyCode) -> Option<Effect> {
    app.update(Event::Key(KeyEvent::from(code)))
}

fn type_in(app: &mut App, text: &str) {
    for c in text.chars() {
        press(app, KeyCode::Char(c));
    }
}

fn with_topics(names: &[&str]) -> App {
    let mut app = App::new();
    let topics = names.iter().map(|name| samples::topic(name, &[100]));
    let answer = Answer::Topics(Ok(topics.collect()));
    let at = Instant::now();
    app.update(Event::Answered { at, answer });
    app
}

fn hear_record(app: &mut App, value: &str) {
    app.update(Event::Tail {
        generation: 1,
        heard: Heard::Record(Box::new(samples::record(0, value))),
    });
}

#[test]
fn tab_goes_round_the_views_and_opens_a_tail_once() {
    let mut app = App::new();
    for screen in [Screen::Groups, Screen::Flow] {
        assert_eq!(press(&mut app, KeyCode::Tab), None);
        assert_eq!(app.screen, screen);
    }
    let all_topics = Effect::Follow {
        generation: 1,
        wanted: Wanted::default(),
    };
    assert_eq!(press(&mut app, KeyCode::Tab), Some(all_topics));
    assert_eq!(press(&mut app, KeyCode::BackTab), None);
    assert_eq!(app.screen, Screen::Flow);
    assert_eq!(press(&mut app, KeyCode::Char('4')), None);
    assert_eq!(press(&mut app, KeyCode::Tab), None);
    assert_eq!(app.screen, Screen::Topics);
}

#[test]
fn enter_drills_in_and_escape_comes_back() {
    let mut app = with_topics(&["orders", "payments"]);
    press(&mut app, KeyCode::Down);
    let follow = press(&mut app, KeyCode::Enter);
    let expected = Effect::Follow {
        generation: 1,
        wanted: payments(Selection::default()),
    };
    assert_eq!((follow, app.screen), (Some(expected), Screen::Tail));
    // Nothing is there to look at.
    assert_eq!(press(&mut app, KeyCode::Enter), None);
    hear_record(&mut app, "hello");
    let id = samples::record(0, "hello").id;
    assert_eq!(press(&mut app, KeyCode::Enter), Some(Effect::AskLife(id)));
    assert_eq!(app.screen, Screen::Message);
    for screen in [Screen::Tail, Screen::Topics, Screen::Topics] {
        assert_eq!(press(&mut app, KeyCode::Esc), None);
        assert_eq!(app.screen, screen);
    }
    assert_eq!(app.topics.chosen(), Some("payments"));
}

#[test]
fn a_life_is_asked_for_as_long_as_it_is_looked_at_and_goes_on() {
    let mut app = App::new();
    let record = samples::record(0, "x");
    let id = record.id;
    app.message = Some(Message::new(Arc::new(record)));
    let round = |app: &mut App| {
        let answer = Answer::Summary(Ok(samples::summary()));
        let at = Instant::now();
        app.update(Event::Answered { at, answer })
    };
    assert_eq!(round(&mut app), None);
    app.screen = Screen::Message;
    assert_eq!(round(&mut app), Some(Effect::AskLife(id)));
    let mut life = samples::life(id);
    app.update(Event::Life {
        id,
        life: Ok(Some(life.clone())),
    });
    assert_eq!(round(&mut app), Some(Effect::AskLife(id)));
    let mut indexed = life.stages[2].clone();
    indexed.stage = contract::Stage::Indexed;
    life.stages.push(indexed);
    app.update(Event::Life {
        id,
        life: Ok(Some(life)),
    });
    assert_eq!(round(&mut app), None);
}

#[test]
fn while_a_filter_is_typed_keys_are_its_letters() {
    let mut app = with_topics(&["orders", "payments", "quotes"]);
    type_in(&mut app, "/q?");
    press(&mut app, KeyCode::Backspace);
    assert_eq!(app.filter(Sought::Text), "q");
    assert_eq!((app.topics.list.len(), app.shows_help), (1, false));
    press(&mut app, KeyCode::Enter);
    assert!(app.typing.is_none() && app.topics.chosen() == Some("quotes"));
    // Escape takes it away, while it is typed and afterwards.
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.topics.list.len(), 3);
    type_in(&mut app, "/x");
    assert_eq!(app.topics.list.len(), 0);
    press(&mut app, KeyCode::Esc);
    assert_eq!((app.topics.list.len(), &app.typing), (3, &None));
}

#[test]
fn a_filter_of_the_tail_opens_another_stream_when_it_is_typed() {
    let mut app = with_topics(&["payments"]);
    press(&mut app, KeyCode::Enter);
    type_in(&mut app, "/ab");
    assert_eq!(app.tail.wanted(), &payments(Selection::default()));
    let mut selection = Selection {
        text: Some("ab".to_owned()),
        expression: None,
    };
    let follow = |generation, wanted| Some(Effect::Follow { generation, wanted });
    let expected = follow(2, payments(selection.clone()));
    assert_eq!(press(&mut app, KeyCode::Enter), expected);
    // The same again is nothing new.
    type_in(&mut app, "/");
    assert_eq!(press(&mut app, KeyCode::Enter), None);
    type_in(&mut app, "w.key");
    selection.expression = Some(".key".to_owned());
    let expected = follow(3, payments(selection.clone()));
    assert_eq!(press(&mut app, KeyCode::Enter), expected);
    // Other topics, the same filters.
    let (topic, both) = (None, selection.clone());
    let selection = both.clone();
    let all = press(&mut app, KeyCode::Char('a'));
    assert_eq!(all, follow(4, Wanted { topic, selection }));
    type_in(&mut app, "/");
    let (topic, selection) = (None, Selection { text: None, ..both });
    let cleared = press(&mut app, KeyCode::Esc);
    assert_eq!(cleared, follow(5, Wanted { topic, selection }));
    assert_eq!(app.screen, Screen::Tail);
}

fn payments(selection: Selection) -> Wanted {
    Wanted {
        topic: Some("payments".to_owned()),
        selection,
    }
}

#[test]
fn q_and_ctrl_c_quit() {
    let mut app = App::new();
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(press(&mut app, KeyCode::Char('q')), Some(Effect::Quit));
    // With a help shown, q closes the help.
    type_in(&mut app, "?");
    assert_eq!(press(&mut app, KeyCode::Char('q')), None);
    assert!(!app.shows_help);
    type_in(&mut app, "/q");
    assert_eq!(app.update(Event::Key(ctrl_c)), Some(Effect::Quit));
}

#[test]
fn moving_in_the_tail_pauses_it_and_end_goes_on() {
    let mut app = App::new();
    press(&mut app, KeyCode::Char('4'));
    hear_record(&mut app, "a");
    press(&mut app, KeyCode::Up);
    assert_eq!(app.tail.waiting(), Some(0));
    hear_record(&mut app, "b");
    press(&mut app, KeyCode::End);
    assert_eq!((app.tail.waiting(), app.tail.seen()), (None, 2));
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(app.tail.waiting(), Some(0));
}
