//! The portal: the pages on which people send messages and watch them become done.
//!
//! The same components render on the server (feature `ssr`) and come alive in the browser (feature `hydrate`, compiled to
//! WebAssembly by `cargo xtask portal`). What the server knew when it rendered travels in the page, see [`handover`].

#![allow(
    unreachable_pub,
    reason = "leptos's component macro writes `pub` whatever the function says"
)]

mod address;
mod app;
mod browser;
mod burst;
mod components;
mod conversation;
mod entry;
mod erase;
mod flow;
mod groups;
mod handover;
mod life;
mod lines;
mod lookup;
mod message;
mod pages;
mod receipts;
mod record;
mod routes;
mod seer;
mod shown;
mod stream;
mod topics;
mod visitor;
mod waterfall;
mod words;

#[cfg(feature = "ssr")]
mod server;
#[cfg(feature = "ssr")]
pub use server::{PortalConfig, serve};

#[cfg(feature = "hydrate")]
mod hydrate;
#[cfg(feature = "hydrate")]
pub use hydrate::hydrate;
