//! The consumer beside a real broker.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod faults;
mod filters;
mod groups;
mod harness;
mod lives;
mod pages;
mod records;
mod status;
mod topics;
