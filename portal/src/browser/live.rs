//! The one stream of events that a tab keeps open.

use contract::{MessageId, status::MessageLife};
use leptos::{ev, prelude::*};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Event, EventSource, MessageEvent, VisibilityState};

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
            .then(|| Stream::open(&ids, learn.clone(), flow));
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

/// An open stream; closed when dropped. The browser opens it again by itself when the portal comes back.
struct Stream {
    source: EventSource,
    _handlers: [Closure<dyn FnMut(Event)>; 3],
}

impl Stream {
    fn open(
        ids: &[MessageId],
        learn: impl Fn(MessageLife) + 'static,
        flow: RwSignal<Flow>,
    ) -> Option<Self> {
        let ids: Vec<String> = ids.iter().map(MessageId::to_string).collect();
        let source = EventSource::new(&format!("/api/events?ids={}", ids.join(","))).ok()?;
        let handlers = [
            listen(&source, "life", move |event| {
                parse(&event).into_iter().for_each(&learn);
            })?,
            listen(&source, "flow", move |event| {
                parse(&event).into_iter().for_each(|news| flow.set(news));
            })?,
            listen(&source, "error", move |_| flow.update(Flow::lose_portal))?,
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

/// `None` for what another version of the portal tells; the next page load brings that version.
fn parse<T: DeserializeOwned>(event: &Event) -> Option<T> {
    let data = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    serde_json::from_str(&data).ok()
}

fn listen(
    source: &EventSource,
    name: &str,
    hear: impl Fn(Event) + 'static,
) -> Option<Closure<dyn FnMut(Event)>> {
    let handler = Closure::new(hear);
    let function = handler.as_ref().unchecked_ref();
    source
        .add_event_listener_with_callback(name, function)
        .ok()?;
    Some(handler)
}
