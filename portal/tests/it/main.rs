//! The portal over HTTP, beside stand-ins for the producer and the consumer.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod api;
mod assets;
mod guard;
mod harness;
mod live;
mod pages;
