//! A record in words: its value in the shape that somebody chose, and what else it holds.

use contract::{
    Timestamp,
    record::{Encoding, RecordView},
};
use serde::{Deserialize, Serialize};

use crate::{
    stream::{bytes, pretty::pretty},
    words,
};

/// Of a value that is shown: a page is for reading.
const VALUE_BYTES_SHOWN_MAX: usize = 64 * 1024;

/// How a value is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// JSON with a line for each part; text where it is none.
    #[default]
    Json,
    Text,
    Hex,
}

impl Shape {
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Text, Self::Hex];

    /// As people read it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Text => "Text",
            Self::Hex => "Hex",
        }
    }

    /// As an address says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }
}

/// A value as it is shown.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Value {
    /// Absent for a tombstone.
    pub(crate) text: Option<String>,
    /// How it differs from what lies in the log.
    pub(crate) notes: Vec<String>,
}

impl Value {
    pub(crate) fn of(record: &RecordView, shape: Shape) -> Self {
        let Some(value) = &record.value else {
            return Self {
                text: None,
                notes: vec!["It has no value: a tombstone.".to_owned()],
            };
        };
        let text = match shape {
            Shape::Hex => bytes::hex(&bytes::of(value, record.value_encoding)),
            Shape::Json => pretty(value).unwrap_or_else(|| value.clone()),
            Shape::Text => value.clone(),
        };
        let is_cut = text.len() > VALUE_BYTES_SHOWN_MAX;
        let is_base64 = shape != Shape::Hex && !record.value_encoding.is_text();
        let notes = [
            (
                is_base64,
                "The bytes are no text; they are shown as base64.",
            ),
            (is_cut, "Only its beginning is shown."),
        ];
        let notes = notes.into_iter().filter(|(applies, _)| *applies);
        Self {
            text: Some(text[..text.floor_char_boundary(VALUE_BYTES_SHOWN_MAX)].to_owned()),
            notes: notes.map(|(_, note)| note.to_owned()).collect(),
        }
    }
}

/// What a record holds besides its value and its place.
pub(crate) fn facts(record: &RecordView) -> Vec<(String, String)> {
    let value = record.value.as_deref();
    let size = value.map(|value| bytes::of(value, record.value_encoding).len() as u64);
    let time = record.timestamp.map(Timestamp::from_millis);
    let known = [
        (named("Key", record.key_encoding), record.key.clone()),
        ("Time".to_owned(), time.map(|time| time.to_string())),
        ("Size".to_owned(), size.map(words::bytes)),
        ("Id".to_owned(), Some(record.id.to_string())),
    ];
    let known = known.into_iter();
    let known = known.filter_map(|(name, value)| Some((name, value?)));
    let headers = record.headers.iter().map(|header| {
        let name = named(&format!("Header {}", header.name), header.value_encoding);
        (name, header.value.clone().unwrap_or_default())
    });
    known.chain(headers).collect()
}

fn named(name: &str, encoding: Encoding) -> String {
    match encoding {
        Encoding::Text => name.to_owned(),
        Encoding::Base64 => format!("{name} (base64)"),
    }
}

#[cfg(test)]
mod tests {
    use contract::{MessageId, record::HeaderView};

    use super::*;

    fn record(value: Option<&str>, value_encoding: Encoding) -> RecordView {
        RecordView {
            id: MessageId::of_record("orders", 0, 7),
            topic: "orders".to_owned(),
            partition: 0,
            offset: 7,
            timestamp: Some(1_769_851_800_000),
            key: Some("k".to_owned()),
            key_encoding: Encoding::Text,
            value: value.map(str::to_owned),
            value_encoding,
            headers: vec![HeaderView {
                name: "h".to_owned(),
                value: Some("/wA=".to_owned()),
                value_encoding: Encoding::Base64,
            }],
        }
    }

    fn fact(record: &RecordView, name: &str) -> Option<String> {
        let fact = facts(record).into_iter().find(|fact| fact.0 == name);
        fact.map(|fact| fact.1)
    }

    #[test]
    fn a_record_is_told_in_words() {
        let text = record(Some("größe"), Encoding::Text);
        assert_eq!(fact(&text, "Size").as_deref(), Some("7 bytes"));
        assert_eq!(
            fact(&text, "Time").as_deref(),
            Some("2026-01-31T09:30:00.000000Z")
        );
        assert_eq!(fact(&text, "Header h (base64)").as_deref(), Some("/wA="));
        let tombstone = record(None, Encoding::Text);
        assert_eq!(fact(&tombstone, "Size"), None);
        assert_eq!(Value::of(&tombstone, Shape::Json).text, None);
    }

    #[test]
    fn a_value_is_shown_in_the_shape_that_was_chosen() {
        let shown = |record: &RecordView, shape| {
            let value = Value::of(record, shape);
            (value.text.unwrap_or_default(), value.notes.len())
        };
        let json = record(Some("{\"a\":1}"), Encoding::Text);
        assert_eq!(
            shown(&json, Shape::Json),
            ("{\n  \"a\": 1\n}".to_owned(), 0)
        );
        assert_eq!(shown(&json, Shape::Text), ("{\"a\":1}".to_owned(), 0));
        let bytes = record(Some("/wA="), Encoding::Base64);
        assert_eq!(fact(&bytes, "Size").as_deref(), Some("2 bytes"));
        assert_eq!(shown(&bytes, Shape::Json), ("/wA=".to_owned(), 1));
        let (hex, notes) = shown(&bytes, Shape::Hex);
        assert!(hex.starts_with("00000000  ff 00 ") && notes == 0, "{hex}");
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = "ü".repeat(VALUE_BYTES_SHOWN_MAX);
        let cut = Value::of(&record(Some(&long), Encoding::Text), Shape::Text);
        assert_eq!(cut.text.map(|text| text.len()), Some(VALUE_BYTES_SHOWN_MAX));
        assert!(cut.notes[0].contains("beginning"));
    }
}
