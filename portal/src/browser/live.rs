//! The one stream of events that a tab keeps open.

use contract::{MessageId, status::MessageLife};
use leptos::{ev, prelude::*};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{EventSource, MessageEvent, VisibilityState};

use crate::flow::Flow;

/// Follows the stations, and the lives of `followed`, as long as the current component is shown. `learn` is called with each
/// life that changes.
///
/// A tab in the background lets go of its stream: browsers allow six connections to a server for all its tabs together.
pub(crate) fn follow(
    followed: impl Fn() -> Vec<MessageId> + 'static,
    learn: impl Fn(MessageLife) + Clone + 'static,
) {
    let flow = expect_context::<RwSignal<Flow>>();
    let visible = RwSignal::new(true);
    let stream = StoredValue::new_local(None::<Stream>);
    Effect::new(move |_| {
        let ids = followed();
        let opened = visible
            .get()
            .then(|| Stream::open(&ids, learn.clone(), move |news| flow.set(news)));
        stream.set_value(opened.flatten());
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::visibilitychange, move |_| {
            visible.set(document().visibility_state() != VisibilityState::Hidden);
        });
        on_cleanup(move || listener.remove());
    });
    on_cleanup(move || stream.set_value(None));
}

/// An open stream; closed when dropped.
struct Stream {
    source: EventSource,
    _handlers: [Closure<dyn FnMut(MessageEvent)>; 2],
}

impl Stream {
    fn open(
        ids: &[MessageId],
        learn: impl Fn(MessageLife) + 'static,
        flow: impl Fn(Flow) + 'static,
    ) -> Option<Self> {
        let ids: Vec<String> = ids.iter().map(MessageId::to_string).collect();
        let source = EventSource::new(&format!("/api/events?ids={}", ids.join(","))).ok()?;
        let handlers = [
            listen(&source, "life", learn)?,
            listen(&source, "flow", flow)?,
        ];
        Some(Self {
            source,
            _handlers: handlers,
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn listen<T: DeserializeOwned>(
    source: &EventSource,
    name: &str,
    tell: impl Fn(T) + 'static,
) -> Option<Closure<dyn FnMut(MessageEvent)>> {
    let handler = Closure::new(move |event: MessageEvent| {
        let data = event.data().as_string().unwrap_or_default();
        if let Ok(news) = serde_json::from_str(&data) {
            tell(news);
        }
    });
    source
        .add_event_listener_with_callback(name, handler.as_ref().unchecked_ref())
        .ok()?;
    Some(handler)
}
