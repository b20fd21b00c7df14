//! The producer before a real broker, through its HTTP interface.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod broker_away;
mod idempotency;
mod ndjson;
mod produce;
mod stack;
mod wait;
