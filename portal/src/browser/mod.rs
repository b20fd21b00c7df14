//! What only a browser has. Called from effects and event handlers, which never run on the server.

pub(crate) mod api;
pub(crate) mod live;
pub(crate) mod sse;
pub(crate) mod storage;
pub(crate) mod upload;

/// Leaves this page for the one that the server sends.
pub(crate) fn go(address: &str) {
    // Fails only for what is no address.
    let _ = leptos::prelude::window().location().set_href(address);
}
