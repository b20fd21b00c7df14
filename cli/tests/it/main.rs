//! The real program, driven as a user does: on free ports, in temporary folders.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod access;
mod crash;
mod demo;
mod fake_seer;
mod groups;
mod harness;
mod learning;
mod life;
mod messages;
mod produce;
mod refusals;
mod round_trip;
mod seer;
mod tabs;
mod terminal;
mod top;
mod topics;
mod up;
