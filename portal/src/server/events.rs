//! `GET /api/events`: all that one tab is told, in one stream.
//!
//! Event `flow` once a second, for all tabs from one task; event `life` for each of the ids that the tab names, proxied from the
//! consumer. When the consumer goes away the tab still has its flow, and the lives come back by themselves: the consumer begins
//! every stream with the lives as they are, so nothing is lost in between.

use std::{convert::Infallible, future::ready, pin::pin, sync::atomic::Ordering, time::Duration};

use axum::response::Response;
use bytes::Bytes;
use contract::{MessageId, Problem};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use service::{ApiProblem, ApiResult, extract::Query};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Portal, sse,
    upstream::{ANSWER_TIMEOUT, Peer, broken},
};
use crate::burst::Burst;

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
    /// A burst
    burst: Option<String>,
}

/// Follows the stations (event `flow`, once a second), the lives of the named messages (event `life`) and a burst (event `burst`).
#[utoipa::path(get, path = "/api/events", tag = "portal", params(Followed), responses(
    (status = 200, description = "Server-sent events", content_type = "text/event-stream"),
    (status = 400, description = "An id is not valid, or there are too many", body = Problem),
))]
pub(crate) async fn get(
    portal: Portal,
    Query(Followed { ids, burst }): Query<Followed>,
) -> ApiResult<Response> {
    let ids = parse_ids(&ids)?;
    let (events, receiver) = mpsc::channel(EVENTS_QUEUED_MAX);
    // A burst that is forgotten has nothing to tell.
    let burst = burst.and_then(|id| portal.bursts.find(&id));
    tokio::spawn(tell(portal, ids, burst, events));
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
async fn tell(
    portal: Portal,
    ids: Vec<MessageId>,
    burst: Option<watch::Receiver<Burst>>,
    events: Events,
) {
    portal.tabs.fetch_add(1, Ordering::Relaxed);
    tokio::select! {
        () = portal.stop.cancelled() => {}
        () = events.closed() => {}
        () = tell_flow(&portal, &events) => {}
        () = tell_lives(&portal, &ids, &events), if !ids.is_empty() => {}
        () = tell_burst(burst, &events) => {}
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
async fn tell_burst(burst: Option<watch::Receiver<Burst>>, events: &Events) {
    if let Some(mut burst) = burst {
        burst.mark_changed();
        while burst.changed().await.is_ok() {
            let event = sse::event("burst", &*burst.borrow_and_update());
            let Ok(event) = event else { return };
            if events.send(Ok(event)).await.is_err() {
                return;
            }
        }
    }
    // Nothing more to tell, but the tab has other things to hear.
    std::future::pending().await
}

/// Ends when the tab does.
async fn tell_lives(portal: &Portal, ids: &[MessageId], events: &Events) {
    while !events.is_closed() {
        relay_lives(portal, ids, events).await;
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

async fn relay_lives(portal: &Portal, ids: &[MessageId], events: &Events) {
    let Ok(lives) = lives(portal, ids).await else {
        return;
    };
    let mut lives = pin!(lives);
    while let Some(life) = lives.next().await {
        if events.send(Ok(life)).await.is_err() {
            return;
        }
    }
}

/// The lives of messages as they are, then each change, as events. Ends when the consumer's stream does or has missed some: a new
/// one begins with the lives as they are.
pub(crate) async fn lives(
    portal: &Portal,
    ids: &[MessageId],
) -> ApiResult<impl Stream<Item = Bytes> + use<>> {
    let ids: Vec<String> = ids.iter().map(MessageId::to_string).collect();
    let url = portal.upstream.url(Peer::Consumer, &["events"]);
    let request = portal.upstream.get(url).query(&[("ids", ids.join(","))]);
    let response = portal
        .upstream
        .send(Peer::Consumer, request, ANSWER_TIMEOUT)
        .await?;
    if !response.status().is_success() {
        tracing::debug!(status = %response.status(), "the consumer refuses to tell lives");
        return Err(broken(Peer::Consumer));
    }
    let frames = sse::frames(response.bytes_stream())
        .take_while(|frame| {
            let frame = frame.as_ref();
            ready(frame.is_ok_and(|frame| sse::name(frame) != Some("missed")))
        })
        .filter_map(|frame| ready(frame.ok().filter(|frame| sse::name(frame) == Some("life"))));
    Ok(frames)
}
