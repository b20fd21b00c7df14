//! What only a browser has. Called from effects and event handlers, which never run on the server.

pub(crate) mod api;
pub(crate) mod live;
pub(crate) mod sse;
pub(crate) mod storage;
pub(crate) mod upload;

/// Tells tests, and style sheets that want to know, that the page has come alive.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "the server only renders")
)]
pub(crate) fn mark_hydrated() {
    if let Some(body) = leptos::prelude::document().body() {
        // Fails only for a name that is no attribute's.
        let _ = body.set_attribute("data-hydrated", "");
    }
}
