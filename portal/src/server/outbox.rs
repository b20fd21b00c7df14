//! `POST /api/outbox`: one message to the producer.

use std::sync::atomic::Ordering;

use axum::{
    extract::State,
    http::{StatusCode, header},
};
use contract::{Receipt, topic};
use serde::{Deserialize, Serialize};
use service::{ApiProblem, ApiResult, extract::Json};

use super::{
    Portal,
    upstream::{PRODUCE_TIMEOUT, Peer},
};
use crate::entry::Entry;

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
    State(portal): State<Portal>,
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
    } = outgoing;
    let mut path = vec!["produce", &topic];
    if !key.is_empty() {
        path.push(&key);
    }
    let request = portal
        .upstream
        .post(portal.upstream.url(Peer::Producer, &path))
        .header(header::CONTENT_TYPE, media_type(&message))
        .body(message);
    let response = portal
        .upstream
        .send(Peer::Producer, request, PRODUCE_TIMEOUT)
        .await?;
    let receipt: Receipt = portal.upstream.parse(Peer::Producer, response).await?;
    portal.sent.fetch_add(1, Ordering::Relaxed);
    metrics::counter!("portal_messages_sent_total").increment(1);
    Ok(receipt)
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
    fn sentences_begin_in_upper_case() {
        assert_eq!(sentence("élan vital"), "Élan vital.");
        assert_eq!(sentence(""), "");
    }
}
