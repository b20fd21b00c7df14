//! What the benchmarks have in common.

pub mod broker;
pub mod platform;
pub mod process;
