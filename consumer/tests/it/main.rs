//! The consumer beside a real broker.

mod faults;
mod harness;
mod records;
mod status;
