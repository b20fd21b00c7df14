//! The one stream of events that a tab keeps open.

use contract::{MessageId, status::MessageLife};
use leptos::{ev, prelude::*};
use web_sys::VisibilityState;

use super::sse::{Stream, parse};
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
        let opened = visible.get().then(|| open(&ids, learn.clone(), flow));
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

fn open(
    ids: &[MessageId],
    learn: impl Fn(MessageLife) + 'static,
    flow: RwSignal<Flow>,
) -> Option<Stream> {
    let ids: Vec<String> = ids.iter().map(MessageId::to_string).collect();
    Stream::open(
        &format!("/api/events?ids={}", ids.join(",")),
        vec![
            (
                "life",
                Box::new(move |event| parse(&event).into_iter().for_each(&learn)),
            ),
            (
                "flow",
                Box::new(move |event| parse(&event).into_iter().for_each(|news| flow.set(news))),
            ),
            ("error", Box::new(move |_| flow.update(Flow::lose_portal))),
        ],
    )
}
