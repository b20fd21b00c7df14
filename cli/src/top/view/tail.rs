//! Records as they arrive, one a line.

use std::borrow::Cow;

use contract::{
    Timestamp,
    record::{Encoding, RecordView},
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::Theme;
use crate::{
    output::grouped,
    selection::Selection,
    top::{
        figures,
        ring::{GapReason, TailRow},
        tail::{Connection, Tail},
        text,
    },
};

const TIME_COLUMNS: usize = 12;
const KEY_COLUMNS_MAX: usize = 16;
const TOPIC_COLUMNS_MAX: usize = 18;

/// How wide the columns before the value are.
struct Widths {
    place: usize,
    key: usize,
    total: usize,
}

pub(super) fn draw(frame: &mut Frame, area: Rect, tail: &mut Tail, theme: Theme) {
    let with_topic = tail.wanted().topic.is_none();
    let empty = empty(tail);
    let height = usize::from(area.height).saturating_sub(1);
    let (chosen, rows) = tail.window(height);
    if rows.is_empty() {
        let lines = text::wrapped(&empty, area.width.into());
        for (words, row) in lines.into_iter().zip(area.rows().skip(1)) {
            frame.render_widget(Line::raw(words), row);
        }
        return;
    }
    let places: Vec<_> = rows.iter().map(|row| place(row, with_topic)).collect();
    let widths = Widths::new(&rows, &places, area.width.into());
    let mut areas = area.rows();
    if let Some(area) = areas.next() {
        let line = widths.line(["time (UTC)", "place", "key"], "value");
        frame.render_widget(Line::styled(line, theme.bold()), area);
    }
    for (index, ((row, place), area)) in rows.iter().zip(places).zip(areas).enumerate() {
        let style = if Some(index) == chosen {
            theme.chosen()
        } else {
            Style::new()
        };
        let line = match row {
            TailRow::Record(record) => {
                let (time, key) = (time(record), key(record));
                let words = widths.line([&time, &place, &key], &value(record));
                Line::styled(text::left(&words, widths.total), style)
            }
            TailRow::Gap { count, reason } => {
                let words = text::left(&gap(*count, *reason), widths.total);
                Line::from(Span::styled(words, theme.warning().patch(style)))
            }
        };
        frame.render_widget(line, area);
    }
}

fn empty(tail: &Tail) -> String {
    match tail.connection() {
        Connection::Lost(reason) => format!("{reason}. It is tried again."),
        Connection::Opening | Connection::None => "Opening…".to_owned(),
        Connection::Refused(reason) => reason.clone(),
        Connection::Live if tail.wanted().selection == Selection::default() => {
            "Nothing has come yet: what is sent from now on is shown here.".to_owned()
        }
        Connection::Live => "Nothing matches yet.".to_owned(),
    }
}

impl Widths {
    fn new(rows: &[&TailRow], places: &[String], total: usize) -> Self {
        let keys = rows.iter().filter_map(|row| row.record());
        let keys = keys.map(|record| text::columns(&key(record)));
        let places = places.iter().map(|place| text::columns(place));
        Self {
            place: places.max().unwrap_or(0).max("place".len()),
            key: keys.max().unwrap_or(0).max("key".len()),
            total,
        }
    }

    fn line(&self, [time, place, key]: [&str; 3], value: &str) -> String {
        let before = TIME_COLUMNS + self.place + self.key + 6;
        let value = text::one_line(value, self.total.saturating_sub(before));
        format!(
            "{}  {}  {}  {value}",
            text::left(time, TIME_COLUMNS),
            text::left(place, self.place),
            text::left(key, self.key),
        )
    }
}

fn place(row: &TailRow, with_topic: bool) -> String {
    let Some(record) = row.record() else {
        return String::new();
    };
    let RecordView {
        topic,
        partition,
        offset,
        ..
    } = &**record;
    if with_topic {
        let topic = text::name(topic, TOPIC_COLUMNS_MAX);
        format!("{topic}:{partition}:{offset}")
    } else {
        format!("{partition}:{offset}")
    }
}

/// `09:30:00.123`
fn time(record: &RecordView) -> String {
    let Some(millis) = record.timestamp else {
        return figures::UNKNOWN.to_owned();
    };
    let text = Timestamp::from_millis(millis).to_string();
    text.get(11..11 + TIME_COLUMNS).unwrap_or(&text).to_owned()
}

fn key(record: &RecordView) -> String {
    match (&record.key, record.key_encoding) {
        (None, _) => figures::UNKNOWN.to_owned(),
        (Some(key), Encoding::Text) => text::one_line(key, KEY_COLUMNS_MAX),
        (Some(_), Encoding::Base64) => "(not text)".to_owned(),
    }
}

fn value(record: &RecordView) -> Cow<'_, str> {
    match (&record.value, record.value_encoding) {
        (None, _) => "(no value)".into(),
        (Some(value), Encoding::Text) => value.into(),
        (Some(value), Encoding::Base64) => {
            let padding = value.bytes().rev().take_while(|&byte| byte == b'=');
            let count = (value.len() / 4 * 3).saturating_sub(padding.count().min(2)) as u64;
            format!("(not text, {})", figures::bytes(count)).into()
        }
    }
}

fn gap(count: u64, reason: GapReason) -> String {
    let records = if count == 1 { "record" } else { "records" };
    let count = grouped(count);
    match reason {
        GapReason::TooFast => {
            format!("── {count} {records} missed: they came faster than they were taken ──")
        }
        GapReason::Paused => {
            format!("── {count} {records} missed: too many came during the pause ──")
        }
    }
}
