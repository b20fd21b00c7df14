//! The portal: the pages on which people send messages and watch them become done.
//!
//! The same components render on the server (feature `ssr`) and come alive in the browser (feature `hydrate`, compiled to
//! WebAssembly by `cargo xtask portal`). What the server knew when it rendered travels in the page, see [`handover`].

#![allow(
    unreachable_pub,
    reason = "leptos's component macro writes `pub` whatever the function says"
)]

mod app;
mod browser;
mod components;
mod conversation;
mod entry;
mod erase;
mod flow;
mod handover;
mod lookup;
mod pages;
mod receipts;
mod seer;
mod words;

#[cfg(feature = "ssr")]
mod server;
#[cfg(feature = "ssr")]
pub use server::{PortalConfig, serve};

/// Makes the page that the server rendered come alive. Called by the script that the page starts with.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    browser::mark_hydrated();
}
