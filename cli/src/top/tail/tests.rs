use super::*;
use crate::top::samples;

fn tail() -> Tail {
    let mut tail = Tail::new();
    tail.open(Wanted::default());
    tail
}

fn hear(tail: &mut Tail, values: impl IntoIterator<Item = String>) {
    for (offset, value) in (0..).zip(values) {
        let record = Box::new(samples::record(offset, &value));
        tail.hear(tail.generation, Heard::Record(record));
    }
}

fn numbered(count: u64) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("value {n}"))
}

fn shown(tail: &mut Tail, height: usize) -> Vec<String> {
    let rows = tail.window(height).1.into_iter();
    rows.map(|row| match row {
        TailRow::Record(record) => record.value.clone().unwrap_or_default(),
        TailRow::Gap { count, reason } => format!("{count} {reason:?}"),
    })
    .collect()
}

#[test]
fn the_last_records_are_shown_until_somebody_moves() {
    let mut tail = tail();
    hear(&mut tail, numbered(5));
    assert_eq!(shown(&mut tail, 2), ["value 3", "value 4"]);
    tail.walk(Cursor::up);
    hear(&mut tail, ["new".to_owned()]);
    assert_eq!((tail.waiting(), tail.seen()), (Some(1), 6));
    let chosen = tail.take_chosen().unwrap();
    assert_eq!(chosen.value.as_deref(), Some("value 3"));
    assert_eq!(shown(&mut tail, 2), ["value 3", "value 4"]);
    tail.resume();
    assert_eq!(tail.waiting(), None);
    assert_eq!(shown(&mut tail, 2), ["value 4", "new"]);
}

#[test]
fn what_was_there_before_stands_before_what_comes() {
    let mut tail = tail();
    let record = |offset| samples::record(offset, &format!("value {offset}"));
    tail.hear(1, Heard::Record(Box::new(record(7))));
    tail.walk(Cursor::up);
    tail.hear(1, Heard::Record(Box::new(record(8))));
    tail.hear(1, Heard::Before((5..9).map(record).collect()));
    let chosen = tail.take_chosen().unwrap();
    assert_eq!(chosen.value.as_deref(), Some("value 7"));
    tail.resume();
    assert_eq!(
        shown(&mut tail, 9),
        ["value 5", "value 6", "value 7", "value 8"]
    );
    assert_eq!(tail.seen(), 4);
}

#[test]
fn what_a_paused_tail_has_no_room_for_is_said() {
    let mut tail = tail();
    hear(&mut tail, ["before".to_owned()]);
    tail.pause_or_resume();
    hear(&mut tail, numbered(510));
    tail.hear(1, Heard::Missed(7));
    assert_eq!((tail.waiting(), tail.missed()), (Some(500), 17));
    tail.pause_or_resume();
    tail.walk(Cursor::first);
    assert_eq!(
        shown(&mut tail, 4),
        ["before", "7 TooFast", "10 Paused", "value 10"]
    );
    assert_eq!((tail.seen(), tail.missed()), (511, 17));
}

#[test]
fn a_gap_stands_where_it_is() {
    let mut tail = tail();
    hear(&mut tail, ["a".to_owned()]);
    tail.hear(1, Heard::Missed(12));
    hear(&mut tail, ["b".to_owned()]);
    assert_eq!(shown(&mut tail, 9), ["a", "12 TooFast", "b"]);
    assert_eq!(tail.missed(), 12);
    tail.walk(Cursor::up);
    assert!(tail.take_chosen().is_none());
}

#[test]
fn what_filters_leave_out_is_summed_up() {
    let mut tail = tail();
    for error in [Some("no number".to_owned()), None] {
        let progress = ConsumeProgress {
            seen: 10,
            failed: error.is_some().into(),
            error,
            ..ConsumeProgress::default()
        };
        tail.hear(1, Heard::Progress(progress));
    }
    let progress = tail.progress();
    assert_eq!((progress.seen, progress.failed), (20, 1));
    assert_eq!(progress.error.as_deref(), Some("no number"));
}

#[test]
fn streams_that_were_left_are_not_heard() {
    let mut tail = tail();
    assert_eq!(tail.open(Wanted::default()), 2);
    tail.hear(1, Heard::Missed(1));
    tail.hear(2, Heard::Connected);
    assert_eq!((tail.missed(), tail.connection()), (0, &Connection::Live));
    tail.hear(1, Heard::Lost("away".to_owned()));
    assert_eq!(tail.connection(), &Connection::Live);
}
