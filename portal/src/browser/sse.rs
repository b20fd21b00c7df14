//! Server-sent events in a browser.

use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Event, EventSource, MessageEvent};

/// An event's name, and what to do when it comes. `error` comes when the connection breaks.
pub(crate) type Handler = (&'static str, Box<dyn Fn(Event)>);

/// An open stream; closed when dropped. The browser opens it again by itself when it breaks.
pub(crate) struct Stream {
    source: EventSource,
    _handlers: Vec<Closure<dyn FnMut(Event)>>,
}

impl Stream {
    pub(crate) fn open(url: &str, handlers: Vec<Handler>) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let handlers = handlers.into_iter().filter_map(|(name, hear)| {
            let handler = Closure::new(hear);
            let function = handler.as_ref().unchecked_ref();
            source
                .add_event_listener_with_callback(name, function)
                .ok()?;
            Some(handler)
        });
        Some(Self {
            _handlers: handlers.collect(),
            source,
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// `None` for what another version of the portal tells; the next page load brings that version.
pub(crate) fn parse<T: DeserializeOwned>(event: &Event) -> Option<T> {
    let data = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    serde_json::from_str(&data).ok()
}
