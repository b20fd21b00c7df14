//! `GET /api/events`: all that one tab is told, in one stream.
//!
//! Event `flow` once a second, for all tabs from one task; event `life` for each of the ids that the tab names, proxied from the
//! consumer. When the consumer goes away the tab still has its flow, and the lives come back by themselves: the consumer begins
//! every stream with the lives as they are, so nothing is lost in between.

use std::{convert::Infallible, sync::atomic::Ordering, time::Duration};

use axum::{extract::State, response::Response};
use bytes::Bytes;
use contract::{MessageId, Problem};
use futures::StreamExt;
use serde::Deserialize;
use service::{ApiProblem, ApiResult, extract::Query};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Portal, sse,
    upstream::{ANSWER_TIMEOUT, Peer},
};

/// Messages that one tab can follow at once: as many as the page keeps receipts.
const IDS_MAX: usize = crate::receipts::ENTRIES_MAX;
/// Events that wait for a slow tab; then its consumer stream waits, and skips at its source.
const EVENTS_QUEUED_MAX: usize = 16;
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

type Events = mpsc::Sender<Result<Bytes, Infallible>>;

#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct Followed {
    /// Message ids, separated by commas
    #[serde(default)]
    ids: String,
}

/// Follows the stations (event `flow`, once a second) and the lives of the named messages (event `life`).
#[utoipa::path(get, path = "/api/events", tag = "portal", params(Followed), responses(
    (status = 200, description = "Server-sent events", content_type = "text/event-stream"),
    (status = 400, description = "An id is not valid, or there are too many", body = Problem),
))]
pub(crate) async fn get(
    State(portal): State<Portal>,
    Query(Followed { ids }): Query<Followed>,
) -> ApiResult<Response> {
    let ids = parse_ids(&ids)?;
    let (events, receiver) = mpsc::channel(EVENTS_QUEUED_MAX);
    tokio::spawn(tell(portal, ids, events));
    Ok(sse::respond(ReceiverStream::new(receiver)))
}

fn parse_ids(ids: &str) -> ApiResult<Vec<MessageId>> {
    let ids: Result<Vec<MessageId>, _> = ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::parse)
        .collect();
    ids.ok().filter(|ids| ids.len() <= IDS_MAX).ok_or_else(|| {
        ApiProblem::bad_request(
            "invalid-ids",
            "The ids are not valid",
            format!("Give at most {IDS_MAX} message ids, separated by commas."),
        )
    })
}

/// Lives as long as the tab, and no longer than the portal.
async fn tell(portal: Portal, ids: Vec<MessageId>, events: Events) {
    portal.tabs.fetch_add(1, Ordering::Relaxed);
    tokio::select! {
        () = portal.stop.cancelled() => {}
        () = events.closed() => {}
        () = tell_flow(&portal, &events) => {}
        () = tell_lives(&portal, &ids, &events), if !ids.is_empty() => {}
    }
    portal.tabs.fetch_sub(1, Ordering::Relaxed);
}

/// Ends when the tab or the portal does.
async fn tell_flow(portal: &Portal, events: &Events) {
    let mut flow = portal.flow.clone();
    flow.mark_changed();
    while flow.changed().await.is_ok() {
        let event = sse::event("flow", &*flow.borrow_and_update());
        let Ok(event) = event else { return };
        if events.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

/// Ends when the tab does.
async fn tell_lives(portal: &Portal, ids: &[MessageId], events: &Events) {
    let ids: Vec<String> = ids.iter().map(MessageId::to_string).collect();
    let ids = ids.join(",");
    while !events.is_closed() {
        relay_lives(portal, &ids, events).await;
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

/// Passes lives on until the consumer's stream ends or has missed some: a new one begins with the lives as they are.
async fn relay_lives(portal: &Portal, ids: &str, events: &Events) {
    let url = portal.upstream.url(Peer::Consumer, &["events"]);
    let request = portal.upstream.get(url).query(&[("ids", ids)]);
    let Ok(response) = portal
        .upstream
        .send(Peer::Consumer, request, ANSWER_TIMEOUT)
        .await
    else {
        return;
    };
    if !response.status().is_success() {
        tracing::debug!(status = %response.status(), "the consumer refuses to tell lives");
        return;
    }
    let mut frames = std::pin::pin!(sse::frames(response.bytes_stream()));
    while let Some(Ok(frame)) = frames.next().await {
        match sse::name(&frame) {
            Some("life") => {
                if events.send(Ok(frame)).await.is_err() {
                    return;
                }
            }
            Some("missed") => return,
            _ => {}
        }
    }
}
