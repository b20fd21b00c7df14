//! The live records of the page of the stream.

use contract::{
    Problem,
    record::{ConsumeProgress, RecordView},
};
use serde::Deserialize;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventSource, MessageEvent};

use super::{
    api,
    sse::{Stream, parse},
};
use crate::{
    address::escape,
    stream::{Begun, StreamForm},
};

pub(crate) enum News {
    Begun(Begun),
    Record(RecordView),
    Progress(ConsumeProgress),
    /// So many were too fast for this browser.
    Missed(u64),
    /// Why there are no records now. The stream ends with it, and unless it is closed the browser tries again by itself.
    Problem(Problem),
    /// The connection broke; the browser tries again by itself.
    Broken,
    /// It cannot go on, and why.
    Lost(Problem),
}

#[derive(Deserialize)]
struct Missed {
    missed: u64,
}

/// Opens the stream, after the event with the id `after` if there was one. `hear` is given the id of each event, where it has one.
pub(crate) fn open(
    form: &StreamForm,
    after: Option<&str>,
    hear: impl Fn(News, Option<String>) + Clone + 'static,
) -> Option<Stream> {
    let mut url = format!("/api/stream/tail?{}", form.query());
    if let Some(after) = after {
        url.push_str(&format!("&after={}", escape(after)));
    }
    let on = |name: &'static str, read: fn(&Event) -> Option<News>| {
        let hear = hear.clone();
        let handler = move |event: Event| {
            if let Some(news) = read(&event) {
                hear(news, id(&event));
            }
        };
        (name, Box::new(handler) as Box<dyn Fn(Event)>)
    };
    Stream::open(
        &url,
        vec![
            on("begin", |event| parse(event).map(News::Begun)),
            on("streamer", |event| parse(event).map(News::Record)),
            on("progress", |event| parse(event).map(News::Progress)),
            on("missed", |event| {
                parse(event).map(|Missed { missed }| News::Missed(missed))
            }),
            on("problem", |event| parse(event).map(News::Problem)),
            on("error", |event| Some(broken(event))),
        ],
    )
}

/// Where something else answers than the portal, the browser gives up.
fn broken(event: &Event) -> News {
    let source = event.target();
    let source = source.and_then(|source| source.dyn_into::<EventSource>().ok());
    match source.map(|source| source.ready_state()) {
        Some(EventSource::CLOSED) => News::Lost(api::away()),
        _ => News::Broken,
    }
}

fn id(event: &Event) -> Option<String> {
    let id = event.dyn_ref::<MessageEvent>()?.last_event_id();
    (!id.is_empty()).then_some(id)
}
