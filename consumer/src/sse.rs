//! Answers without end: server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::{Event, KeepAlive, KeepAliveStream, Sse};
use futures::{Stream, StreamExt, stream};
use service::{ApiProblem, ApiResult};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;

/// How often a quiet stream says that it lives: below the minute after which proxies cut it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// When a browser that lost the stream asks again.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) type EventStream = stream::BoxStream<'static, Result<Event, Infallible>>;

/// A place among the streams served at once.
pub(crate) fn take_room(app: &App) -> ApiResult<OwnedSemaphorePermit> {
    Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| too_many())
}

pub(crate) fn too_many() -> ApiProblem {
    ApiProblem::unavailable(
        "too-many-streams",
        "Too many streams are open",
        "Try again when some have ended.",
    )
}

/// Sends `events` until they end or the service stops; `room` is given back then.
pub(crate) fn respond(
    app: &App,
    room: OwnedSemaphorePermit,
    events: impl Stream<Item = Event> + Send + 'static,
) -> Sse<KeepAliveStream<EventStream>> {
    // The first bytes go out at once, so that the other side knows that it is connected.
    let hello = Event::default().comment("connected").retry(RETRY);
    let stop = app.stop.clone().cancelled_owned();
    let events = stream::iter([hello])
        .chain(events)
        .take_until(stop)
        .map(move |event| {
            let _ = &room;
            Ok(event)
        });
    Sse::new(events.boxed()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// An event whose data is `value` as JSON.
pub(crate) fn json(name: &str, value: &impl serde::Serialize) -> Event {
    let event = Event::default().event(name);
    // Our own types always serialise.
    event.json_data(value).unwrap_or_default()
}

pub(crate) fn missed(count: u64) -> Event {
    json("missed", &serde_json::json!({ "missed": count }))
}
