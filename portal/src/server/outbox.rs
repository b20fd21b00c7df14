//! `POST /api/outbox`: one message to the producer.

use std::sync::atomic::Ordering;

use axum::http::{StatusCode, header};
use contract::{Receipt, header as record_header, topic};
use serde::{Deserialize, Serialize};
use service::{ApiProblem, ApiResult, extract::Json};

use super::{
    Portal,
    upstream::{PRODUCE_TIMEOUT, Peer},
};
use crate::{address::escape, entry::Entry};

/// The producer takes a hundred headers with a request, and some are its own.
const HEADERS_MAX: usize = 64;

/// A message as people write it.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
pub(crate) struct Outgoing {
    #[serde(default = "default_topic")]
    pub(crate) topic: String,
    /// Messages of the same key stay in order. Empty means none.
    #[serde(default)]
    pub(crate) key: String,
    /// The record's value, unchanged.
    pub(crate) message: String,
    /// Headers that the record is to have, one in each line: `name: value`
    #[serde(default)]
    pub(crate) headers: String,
}

fn default_topic() -> String {
    topic::DEFAULT.to_owned()
}

/// Sends a message and answers once it is in the log.
#[utoipa::path(post, path = "/api/outbox", tag = "portal", responses(
    (status = 201, description = "The message is in the log", body = Receipt),
    (status = "default", description = "It is not, and why", body = contract::Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn post(
    portal: Portal,
    Json(outgoing): Json<Outgoing>,
) -> ApiResult<(StatusCode, Json<Receipt>)> {
    let receipt = send(&portal, outgoing).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

pub(crate) async fn send(portal: &Portal, outgoing: Outgoing) -> ApiResult<Receipt> {
    validate(&outgoing.topic, &outgoing.key)?;
    let key = outgoing.key.clone();
    let receipt = deliver(portal, outgoing).await?;
    portal.recent.add(Entry::of_receipt(receipt.clone(), &key));
    Ok(receipt)
}

/// What the producer would refuse without words for people.
pub(crate) fn validate(topic: &str, key: &str) -> ApiResult<()> {
    topic::validate_user(topic).map_err(|error| {
        ApiProblem::bad_request(
            "invalid-topic",
            "The topic name is not valid",
            sentence(&error.to_string()),
        )
    })?;
    if matches!(key, "." | "..") {
        // The key travels as a segment of a path, and these two mean folders there.
        return Err(ApiProblem::bad_request(
            "invalid-key",
            "The key is not valid",
            "A key cannot be “.” or “..” here: choose another one.",
        ));
    }
    Ok(())
}

pub(crate) async fn deliver(portal: &Portal, outgoing: Outgoing) -> ApiResult<Receipt> {
    let Outgoing {
        topic,
        key,
        message,
        headers,
    } = outgoing;
    let headers = read_headers(&headers)?;
    let mut path = vec!["produce", &topic];
    if !key.is_empty() {
        path.push(&key);
    }
    let mut request = portal
        .upstream
        .post(portal.upstream.url(Peer::Producer, &path))
        .header(header::CONTENT_TYPE, media_type(&message));
    for (name, value) in headers {
        let given = format!("{}={}", escape(name), escape(value));
        request = request.header(record_header::GIVEN, given);
    }
    let request = request.body(message);
    let response = portal
        .upstream
        .send(Peer::Producer, request, PRODUCE_TIMEOUT)
        .await?;
    let receipt: Receipt = portal.upstream.parse(Peer::Producer, response).await?;
    portal.sent.fetch_add(1, Ordering::Relaxed);
    metrics::counter!("portal_messages_sent_total").increment(1);
    Ok(receipt)
}

/// Names and values, one in each line.
fn read_headers(text: &str) -> ApiResult<Vec<(&str, &str)>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let headers: Option<Vec<_>> = lines
        .map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim(), value.trim()))
        })
        .collect();
    let headers = headers.filter(|headers| headers.len() <= HEADERS_MAX);
    headers.ok_or_else(|| {
        ApiProblem::bad_request(
            "invalid-header",
            "The headers are not valid",
            format!("Write one in each line, such as “source: shop”; {HEADERS_MAX} at most."),
        )
    })
}

/// What readers of the record are told about the payload.
fn media_type(message: &str) -> &'static str {
    match serde_json::from_str::<serde::de::IgnoredAny>(message) {
        Ok(_) => "application/json",
        Err(_) => "text/plain; charset=utf-8",
    }
}

/// Errors of `contract` begin in lower case, to be put into other sentences.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_tells_json_from_text() {
        assert_eq!(media_type("{\"order\": 42}"), "application/json");
        assert_eq!(media_type("{\"order\": 42"), "text/plain; charset=utf-8");
        assert_eq!(media_type(""), "text/plain; charset=utf-8");
    }

    #[test]
    fn headers_are_lines() {
        let headers = read_headers("source: shop\r\n\n at:09:30 \nempty:\n").ok();
        let expected = vec![("source", "shop"), ("at", "09:30"), ("empty", "")];
        assert_eq!(headers, Some(expected));
        assert!(read_headers("source").is_err());
        assert!(read_headers(&"a: b\n".repeat(HEADERS_MAX + 1)).is_err());
    }

    #[test]
    fn sentences_begin_in_upper_case() {
        assert_eq!(sentence("élan vital"), "Élan vital.");
        assert_eq!(sentence(""), "");
    }
}
