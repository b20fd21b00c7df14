//! `GET /api/seer/ask`: a question, answered as the answer is written.
//!
//! A browser's `EventSource` cannot read the body of a refusal, so whatever goes wrong comes as an event too: `problem`. Every
//! stream ends with `done` or `problem`.

use std::{convert::Infallible, time::Duration};

use axum::{http::header, response::Response};
use bytes::Bytes;
use contract::seer::{Answer, AskRequest, TOP_K_MAX};
use futures::StreamExt;
use serde::Deserialize;
use service::{ApiProblem, ApiResult, extract::Query};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::super::{
    Portal, sse,
    typed::with_zone,
    upstream::{Peer, broken},
};
use crate::seer::Draft;

/// For a whole answer, or its first sign when it is streamed: longer than the seer itself waits for its language model.
const ASK_TIMEOUT: Duration = Duration::from_secs(70);
/// Events that wait for a slow browser; then the seer waits.
const EVENTS_QUEUED_MAX: usize = 64;

/// A question as a form sends it: what is empty was not given.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
pub(crate) struct Question {
    /// The question
    #[serde(default)]
    pub(super) q: String,
    /// Only messages of these topics, separated by commas
    #[serde(default)]
    pub(super) topics: String,
    /// Only messages from this time on: RFC 3339; UTC where no zone is given
    #[serde(default)]
    pub(super) since: String,
    /// Only messages before this time
    #[serde(default)]
    pub(super) until: String,
    /// Messages that may be cited, 1 to 100
    #[serde(default)]
    pub(super) top_k: String,
    /// What a follow-up question refers to, as an earlier answer told it
    #[serde(default)]
    pub(super) conversation: String,
}

/// Asks the seer: its events (`retrieved`, `token`…, `citations`, `done`), or `problem` with what went wrong.
#[utoipa::path(get, path = "/api/seer/ask", tag = "seer", params(Question), responses(
    (status = 200, description = "Server-sent events", content_type = "text/event-stream"),
))]
pub(crate) async fn get(portal: Portal, Query(question): Query<Question>) -> Response {
    let (events, receiver) = mpsc::channel(EVENTS_QUEUED_MAX);
    tokio::spawn(async move {
        // Ends with the browser's tab, and no later than the portal: an open stream would hold up its shutdown.
        tokio::select! {
            () = portal.stop.cancelled() => {}
            () = events.closed() => {}
            () = tell(&portal, &question, &events) => {}
        }
    });
    sse::respond(ReceiverStream::new(receiver))
}

async fn tell(
    portal: &Portal,
    question: &Question,
    events: &mpsc::Sender<Result<Bytes, Infallible>>,
) {
    if let Err(problem) = relay(portal, question, events).await
        && let Ok(event) = sse::event("problem", &problem.problem)
    {
        // A browser that is gone has no use for it.
        let _ = events.send(Ok(event)).await;
    }
}

async fn relay(
    portal: &Portal,
    question: &Question,
    events: &mpsc::Sender<Result<Bytes, Infallible>>,
) -> ApiResult<()> {
    let response = send(portal, question.to_request(true)?).await?;
    if !response.status().is_success() {
        return portal.upstream.parse(Peer::Seer, response).await;
    }
    let mut frames = std::pin::pin!(sse::frames(response.bytes_stream()));
    loop {
        let frame = tokio::time::timeout(ASK_TIMEOUT, frames.next()).await;
        let Ok(Some(Ok(frame))) = frame else {
            return Err(broken(Peer::Seer));
        };
        let is_last = matches!(sse::name(&frame), Some("done" | "problem"));
        if events.send(Ok(frame)).await.is_err() || is_last {
            return Ok(());
        }
    }
}

/// The whole answer at once, for pages without scripts.
pub(super) async fn ask(portal: &Portal, question: &Question) -> ApiResult<Answer> {
    let response = send(portal, question.to_request(false)?).await?;
    portal.upstream.parse(Peer::Seer, response).await
}

async fn send(portal: &Portal, request: AskRequest) -> ApiResult<reqwest::Response> {
    let accept = if request.stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    let request = portal
        .upstream
        .post(portal.upstream.url(Peer::Seer, &["ask"]))
        .header(header::ACCEPT, accept)
        .json(&request);
    portal.upstream.send(Peer::Seer, request, ASK_TIMEOUT).await
}

impl Question {
    fn to_request(&self, stream: bool) -> ApiResult<AskRequest> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let question = given(&self.q).ok_or_else(|| {
            ApiProblem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "empty-question",
                "There is no question",
                "Write what you want to know, then press Ask.",
            )
        })?;
        let top_k = match given(&self.top_k).map(|text| text.parse()) {
            None => None,
            Some(Ok(top_k @ 1..=TOP_K_MAX)) => Some(top_k),
            Some(_) => {
                return Err(ApiProblem::bad_request(
                    "invalid-top-k",
                    "The number of messages is not valid",
                    format!(
                        "Give how many messages may be cited as a number from 1 to {TOP_K_MAX}."
                    ),
                ));
            }
        };
        let topics = self.topics.split([',', ' ']).filter_map(given);
        Ok(AskRequest {
            question,
            topics: topics.collect(),
            since: given(&self.since).map(with_zone),
            until: given(&self.until).map(with_zone),
            top_k,
            conversation: given(&self.conversation),
            stream,
        })
    }

    /// What the form shows again.
    pub(super) fn to_draft(&self) -> Draft {
        Draft {
            question: self.q.clone(),
            conversation: self.conversation.clone(),
            topics: self.topics.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            top_k: self.top_k.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_were_not_given() {
        let question = Question {
            q: " what? ".to_owned(),
            topics: "orders, stream,".to_owned(),
            since: "2026-01-31T09:30".to_owned(),
            until: "2026-01-31T09:30:00+01:00".to_owned(),
            top_k: " 7".to_owned(),
            ..Question::default()
        };
        let expected = AskRequest {
            question: "what?".to_owned(),
            topics: vec!["orders".to_owned(), "stream".to_owned()],
            since: Some("2026-01-31T09:30:00Z".to_owned()),
            until: Some("2026-01-31T09:30:00+01:00".to_owned()),
            top_k: Some(7),
            conversation: None,
            stream: true,
        };
        assert_eq!(question.to_request(true).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_here() {
        for (q, top_k) in [
            ("", ""),
            (" \n", "5"),
            ("what?", "0"),
            ("what?", "101"),
            ("what?", "x"),
        ] {
            let question = Question {
                q: q.to_owned(),
                top_k: top_k.to_owned(),
                ..Question::default()
            };
            assert!(question.to_request(false).is_err(), "{q:?} {top_k:?}");
        }
    }
}
