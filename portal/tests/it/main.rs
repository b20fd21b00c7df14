//! The portal over HTTP, beside stand-ins for the other services.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod api;
mod assets;
mod bursts;
mod fake_cluster;
mod fake_provider;
mod fake_seer;
mod fake_stations;
mod fake_stream;
mod groups;
mod guard;
mod harness;
mod life;
mod lines;
mod live;
mod messages;
mod oidc;
mod pages;
mod seer;
mod sign_in;
mod stream;
mod topics;
