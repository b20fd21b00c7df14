//! The seer beside what it needs: real stores, a real model, a real broker.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod answers;
mod harness;
mod index;
mod load;
mod openai;
mod service;
mod store;
