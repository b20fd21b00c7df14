//! `application/x-ndjson`: a message per line, answered by an outcome per line while the upload is still running.
//!
//! Two halves run side by side: one reads the request and hands lines to Kafka, the other waits for the acks and
//! writes the response. Between them at most [`BATCHES_MAX`] batches are on their way; when a caller does not read its
//! answer, or Kafka is slow, its upload waits.

mod key_field;
mod lines;
mod outcome;

use std::{
    borrow::Cow,
    convert::Infallible,
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::{Query, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::{Message, MessageHeaders, PendingAcks};
use contract::{MessageId, Timestamp, TraceParent};
use futures::{StreamExt, stream};
use serde::{Deserialize, de::IgnoredAny};
use service::{ApiProblem, ApiResult};
use tokio::sync::mpsc;

use self::{
    key_field::KeyField,
    lines::{Line, LineBuffer},
    outcome::Outcomes,
};
use crate::{
    app::App,
    given, idempotency,
    receipt::{continue_trace, new_id, with_new_span},
    target::Target,
};

pub(crate) const MEDIA_TYPE: &str = "application/x-ndjson";
/// Lines handed over at once: enough to fill Kafka's batches, few enough that receipts flow.
const BATCH_LINES: usize = 1000;
/// Batches of one request that may wait for their acks.
const BATCHES_MAX: usize = 16;

/// How the lines of a request become messages.
struct Upload {
    app: Arc<App>,
    target: Target,
    format: LineFormat,
    key_field: Option<KeyField>,
    trace: TraceParent,
    /// What each record is to have in its headers besides.
    given: Vec<(String, Vec<u8>)>,
    /// With it, a repeated upload gives every line the same id again.
    idempotency_key: Option<Vec<u8>>,
}

/// Lines on their way to Kafka, in the order of the request.
struct Batch {
    lines: Vec<(u64, ApiResult<MessageId>)>,
    /// One for each line that was not refused.
    acks: PendingAcks,
    started: Instant,
}

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    format: LineFormat,
    #[serde(rename = "key-field")]
    key_field: Option<String>,
}

/// What the lines of a request are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum LineFormat {
    /// A JSON value each; a line that is none is refused.
    #[default]
    Json,
    /// Any bytes, taken as they are.
    Text,
}

/// Whether a request's body is to be taken line by line. As elsewhere the header may stand in quotes.
pub(crate) fn is_ndjson(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.trim().trim_matches('"').split(';').next();
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(MEDIA_TYPE))
}

/// Answers at once; the outcomes follow as the body of the response.
pub(crate) fn produce_lines(app: Arc<App>, request: Request) -> ApiResult<Response> {
    let target = Target::of_path(request.uri().path())?;
    let Query(params) = Query::<Params>::try_from_uri(request.uri())?;
    if params.key_field.is_some() && target.key.is_some() {
        return Err(ApiProblem::bad_request(
            "two-keys",
            "The key is given twice",
            "Leave out either the key in the path or ?key-field.",
        ));
    }
    if params.key_field.is_some() && params.format == LineFormat::Text {
        return Err(ApiProblem::bad_request(
            "text-has-no-fields",
            "Text has no key field",
            "Leave out either ?key-field or ?format=text.",
        ));
    }
    let upload = Upload {
        format: params.format,
        trace: continue_trace(request.headers()),
        given: given::headers_of(request.headers())?,
        idempotency_key: idempotency::key_of(request.headers())?,
        key_field: params.key_field.as_deref().map(KeyField::new),
        app: Arc::clone(&app),
        target: target.clone(),
    };
    let outcomes = Outcomes::new(app, target.topic, upload.trace);
    let (sender, batches) = mpsc::channel(BATCHES_MAX);
    tokio::spawn(upload.run(request.into_body().into_data_stream(), sender));
    let body = stream::unfold((batches, outcomes), async |(mut batches, outcomes)| {
        let batch = batches.recv().await?;
        let text = outcomes.write(batch).await;
        Some((Ok::<_, Infallible>(text), (batches, outcomes)))
    });
    let media_type = [(header::CONTENT_TYPE, MEDIA_TYPE)];
    Ok((media_type, Body::from_stream(body)).into_response())
}

impl Upload {
    /// Ends with the request's body, or when nobody reads the response any more.
    async fn run(self, mut body: BodyDataStream, batches: mpsc::Sender<Batch>) {
        let mut buffer = LineBuffer::new(self.app.config.body_limit);
        loop {
            let piece = self.next_piece(&mut body).await;
            match &piece {
                Ok(Some(bytes)) => buffer.push(bytes),
                Ok(None) => buffer.finish(),
                Err(_) => {}
            }
            loop {
                let lines = buffer.take(BATCH_LINES);
                if lines.is_empty() {
                    break;
                }
                let batch = self.publish(&lines).await;
                if batches.send(batch).await.is_err() {
                    return;
                }
            }
            match piece {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(problem) => {
                    let batch = Batch {
                        lines: vec![(buffer.next_number(), Err(problem))],
                        ..self.publish(&[]).await
                    };
                    // Fails when nobody reads the response any more.
                    let _ = batches.send(batch).await;
                    return;
                }
            }
        }
    }

    /// The next piece of the body, or why no more is taken.
    async fn next_piece(&self, body: &mut BodyDataStream) -> ApiResult<Option<Bytes>> {
        let piece = tokio::select! {
            piece = tokio::time::timeout(self.app.config.upload_pause, body.next()) => piece,
            () = self.app.stop.cancelled() => {
                return Err(ApiProblem::unavailable(
                    "stopping",
                    "The producer is stopping",
                    "Lines from here on were not taken: send them again.",
                ));
            }
        };
        match piece {
            Ok(piece) => piece.transpose().map_err(|_| {
                ApiProblem::bad_request(
                    "unreadable-body",
                    "The body cannot be read",
                    "The connection ended in the middle: lines from here on were not taken.",
                )
            }),
            Err(_) => Err(ApiProblem::new(
                StatusCode::REQUEST_TIMEOUT,
                "upload-paused",
                "The upload paused for too long",
                "Lines from here on were not taken: send them again.",
            )),
        }
    }

    /// Hands lines over to Kafka.
    async fn publish(&self, lines: &[Line<'_>]) -> Batch {
        let (started, accepted_at) = (Instant::now(), SystemTime::now().into());
        let mut messages = Vec::with_capacity(lines.len());
        let mut taken = Vec::with_capacity(lines.len());
        for line in lines {
            let message = self.message(line, accepted_at);
            taken.push((
                line.number,
                message.as_ref().map(|m| m.headers.id).map_err(Clone::clone),
            ));
            messages.extend(message);
        }
        let size_bytes: usize = messages.iter().map(|message| message.value.len()).sum();
        self.app.counters.bytes.increment(size_bytes as u64);
        Batch {
            acks: self.app.publisher.publish_all(&messages).await,
            lines: taken,
            started,
        }
    }

    fn message<'a>(&'a self, line: &Line<'a>, accepted_at: Timestamp) -> ApiResult<Message<'a>> {
        let value = line
            .text
            .ok_or_else(|| ApiProblem::too_large(self.app.config.body_limit))?;
        let (key, content_type) = match self.format {
            LineFormat::Text => (None, "text/plain"),
            LineFormat::Json => {
                let key = self.check(value).map_err(|reason| {
                    ApiProblem::bad_request("invalid-json", "The line is not valid", reason)
                })?;
                (key, "application/json")
            }
        };
        let key = key.or(self.target.key.as_deref().map(Cow::Borrowed));
        Ok(Message {
            topic: &self.target.topic,
            key,
            value,
            headers: MessageHeaders {
                id: self.id_of(line.number),
                accepted_at,
                trace: with_new_span(self.trace),
                content_type: Some(content_type.as_bytes()),
                others: &self.given,
            },
        })
    }

    /// Checks that the line is JSON, and finds its key if it is to come from a field.
    fn check<'a>(&self, line: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, String> {
        let text = str::from_utf8(line).map_err(|error| error.to_string())?;
        match &self.key_field {
            Some(field) => field.key_of(text),
            None => serde_json::from_str::<IgnoredAny>(text).map(|_| None),
        }
        .map_err(|error| {
            // serde_json counts lines too; here there is one, with another number in the request.
            let text = error.to_string();
            text.replace(" at line 1 column ", " at column ")
        })
    }

    fn id_of(&self, line: u64) -> MessageId {
        match &self.idempotency_key {
            Some(key) => {
                let key = [key.as_slice(), b"/", line.to_string().as_bytes()].concat();
                MessageId::of_idempotency_key(&self.target.topic, &key)
            }
            None => new_id(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_media_type_may_be_written_in_several_ways() {
        let is = |value| {
            let value = HeaderValue::from_static(value);
            is_ndjson(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)]))
        };
        assert!(is("application/x-ndjson"));
        assert!(is("Application/X-NDJSON; charset=utf-8"));
        assert!(is("\"application/x-ndjson\""));
        assert!(!is("application/json"));
        assert!(!is(""));
        assert!(!is_ndjson(&HeaderMap::new()));
    }
}
