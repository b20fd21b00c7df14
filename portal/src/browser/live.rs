//! The one stream of events that a tab keeps open.

use contract::{MessageId, status::MessageLife};
use leptos::{ev, prelude::*};
use web_sys::VisibilityState;

use super::{
    keep, kept,
    sse::{Stream, parse},
};
use crate::{burst::Burst, flow::Flow};

/// Follows the stations, and the lives of `followed`, as long as the current component is shown. `learn` is called with each
/// life that changes.
pub(crate) fn follow(
    followed: impl Fn() -> Vec<MessageId> + 'static,
    learn: impl Fn(MessageLife) + Clone + 'static,
) {
    follow_with_burst(followed, learn, RwSignal::new(None));
}

/// Follows the stations, the lives of `followed` and a burst, as long as the current component is shown. `learn` is called with
/// each life that changes.
///
/// A tab in the background lets go of its stream: browsers allow six connections to a server for all its tabs together.
pub(crate) fn follow_with_burst(
    followed: impl Fn() -> Vec<MessageId> + 'static,
    learn: impl Fn(MessageLife) + Clone + 'static,
    burst: RwSignal<Option<Burst>>,
) {
    let running = Memo::new(move |_| {
        burst.with(|burst| {
            let running = burst.as_ref().filter(|burst| !burst.ended);
            running.map(|burst| burst.id.clone())
        })
    });
    let flow = expect_context::<RwSignal<Flow>>();
    let visible = RwSignal::new(true);
    let stream = kept::<Stream>();
    Effect::new(move |_| {
        let ids: Vec<String> = followed().iter().map(MessageId::to_string).collect();
        let mut url = format!("/api/events?ids={}", ids.join(","));
        if let Some(id) = running.get() {
            url.push_str("&burst=");
            url.push_str(&id);
        }
        let opened = visible
            .get()
            .then(|| open(&url, learn.clone(), flow, burst));
        keep(stream, opened.flatten());
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::visibilitychange, move |_| {
            visible.set(document().visibility_state() != VisibilityState::Hidden);
        });
        on_cleanup(move || listener.remove());
    });
    on_cleanup(move || keep(stream, None));
}

fn open(
    url: &str,
    learn: impl Fn(MessageLife) + 'static,
    flow: RwSignal<Flow>,
    burst: RwSignal<Option<Burst>>,
) -> Option<Stream> {
    Stream::open(
        url,
        vec![
            (
                "life",
                Box::new(move |event| parse(&event).into_iter().for_each(&learn)),
            ),
            (
                "flow",
                Box::new(move |event| parse(&event).into_iter().for_each(|news| flow.set(news))),
            ),
            (
                "burst",
                Box::new(move |event| {
                    burst.update(|burst| *burst = parse(&event).or(burst.take()))
                }),
            ),
            ("error", Box::new(move |_| flow.update(Flow::lose_portal))),
        ],
    )
}
