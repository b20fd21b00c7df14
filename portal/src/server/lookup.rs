//! `GET /api/lookup/{id}`, and what the pages of messages know: life and record of one message.

use std::time::Duration;

use axum::extract::State;
use contract::{
    MessageId, Timestamp,
    record::{Encoding, RecordView},
};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Path, Query},
};

use super::{Portal, place::Place};
use crate::{
    entry::Entry,
    lookup::{Lookup, Record},
    words,
};

/// How long a page may take so that it can show a message as done. Most are done before they are asked for.
const LIFE_WAIT: Duration = Duration::from_secs(1);
/// Of a value that is shown. Longer ones are cut: a page is for reading.
const VALUE_BYTES_SHOWN_MAX: usize = 64 * 1024;

/// Where the record is said to lie, for messages whose life is not kept any more.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
pub(crate) struct At {
    /// `topic:partition:offset`, as a citation tells it
    #[serde(default)]
    at: String,
}

/// All that can be found out about one message, in the words of its page.
#[utoipa::path(get, path = "/api/lookup/{id}", tag = "portal", params(("id" = String, Path), At), responses(
    (status = 200, description = "Its life, its record, and why it is not more", body = Object),
    (status = "default", description = "Nothing could be found out", body = contract::Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> ApiResult<Json<Lookup>> {
    match message(&portal, id, &at).await {
        Lookup {
            entry: None,
            record: None,
            problem: Some(problem),
            ..
        } => Err(ApiProblem {
            problem,
            retry_after: None,
        }),
        lookup => Ok(Json(lookup)),
    }
}

/// Life and record.
pub(crate) async fn message(portal: &Portal, id: String, at: &At) -> Lookup {
    let mut lookup = life(portal, id).await;
    let place = match &lookup.entry {
        Some(entry) => Some(Place::of(entry)),
        None => at.at.parse().ok(),
    };
    if let Some(place) = place
        && let Ok(record) = portal.upstream.record(&place).await
        // The place comes with the address, so it may name any record.
        && record.id.to_string() == lookup.id.to_ascii_lowercase()
    {
        lookup.record = Some(describe(record, lookup.entry.is_none()));
    }
    lookup
}

/// The life alone, and why it is not known.
pub(crate) async fn life(portal: &Portal, id: String) -> Lookup {
    let Ok(message_id) = id.parse::<MessageId>() else {
        let problem = ApiProblem::not_found(
            "invalid-id",
            "This is not a message id",
            "A message id looks like 01993f5c-7c1e-7000-8000-000000000000. Copy it from a receipt.",
        );
        return Lookup {
            id,
            problem: Some(problem.problem),
            ..Lookup::default()
        };
    };
    let mut entry = portal.recent.find(message_id);
    let problem = match portal.upstream.life(message_id, LIFE_WAIT).await {
        Ok(life) => {
            let known = entry.get_or_insert_with(|| Entry::of_life(life.clone()));
            known.learn(life);
            None
        }
        // The receipt says that it is in the log; the consumer will see it.
        Err(error) if error.problem.status == 404 && entry.is_some() => None,
        Err(error) => Some(error.problem),
    };
    Lookup {
        id,
        entry,
        problem,
        ..Lookup::default()
    }
}

/// `with_place`: nothing else on the page tells topic, partition, offset and key.
fn describe(record: RecordView, with_place: bool) -> Record {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    if with_place {
        fact("Topic", record.topic);
        fact("Partition", record.partition.to_string());
        fact("Offset", record.offset.to_string());
        record.key.into_iter().for_each(|key| fact("Key", key));
    }
    if let Some(millis) = record.timestamp {
        fact("Time", Timestamp::from_millis(millis).to_string());
    }
    let is_text = record.value_encoding.is_text();
    let bytes = record
        .value
        .as_deref()
        .map(|value| size(value, record.value_encoding));
    if let Some(bytes) = bytes {
        fact("Size", format!("{} bytes", words::number(bytes as f64)));
    }
    for header in record.headers {
        fact(
            &format!("Header {}", header.name),
            header.value.unwrap_or_default(),
        );
    }
    let (value, cut) = match record.value {
        Some(value) => {
            let (value, cut) = shown(value);
            (Some(value), cut)
        }
        None => (None, false),
    };
    let note = match (&value, is_text, cut) {
        (None, ..) => Some("It has no value: a tombstone."),
        (_, false, false) => Some("The bytes are no text; they are shown as base64."),
        (_, false, true) => Some("The bytes are no text; their beginning is shown as base64."),
        (_, true, true) => Some("Only its beginning is shown."),
        (_, true, false) => None,
    };
    Record {
        facts,
        value,
        note: note.map(str::to_owned),
    }
}

/// Bytes that a value has in the log.
fn size(value: &str, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Text => value.len(),
        Encoding::Base64 => value.trim_end_matches('=').len() * 3 / 4,
    }
}

/// The value, or its beginning and that it is cut.
fn shown(mut value: String) -> (String, bool) {
    let cut = value.len() > VALUE_BYTES_SHOWN_MAX;
    value.truncate(value.floor_char_boundary(VALUE_BYTES_SHOWN_MAX));
    (value, cut)
}

#[cfg(test)]
mod tests {
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
            headers: Vec::new(),
        }
    }

    fn fact<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
        let fact = record.facts.iter().find(|fact| fact.0 == name);
        fact.map(|fact| fact.1.as_str())
    }

    #[test]
    fn a_record_is_told_in_words() {
        let text = describe(record(Some("größe"), Encoding::Text), true);
        assert_eq!(fact(&text, "Size"), Some("7 bytes"));
        assert_eq!(fact(&text, "Time"), Some("2026-01-31T09:30:00.000000Z"));
        assert_eq!(fact(&text, "Topic"), Some("orders"));
        assert_eq!((text.value.as_deref(), text.note), (Some("größe"), None));
        let bytes = describe(record(Some("/wA="), Encoding::Base64), false);
        assert_eq!(fact(&bytes, "Size"), Some("2 bytes"));
        assert_eq!(fact(&bytes, "Topic"), None);
        assert!(bytes.note.is_some_and(|note| note.contains("base64")));
        let tombstone = describe(record(None, Encoding::Text), false);
        assert_eq!(fact(&tombstone, "Size"), None);
        assert_eq!(tombstone.value, None);
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = "ü".repeat(VALUE_BYTES_SHOWN_MAX);
        let cut = describe(record(Some(&long), Encoding::Text), false);
        assert_eq!(
            cut.value.map(|value| value.len()),
            Some(VALUE_BYTES_SHOWN_MAX)
        );
        assert!(cut.note.is_some_and(|note| note.contains("beginning")));
    }
}
