//! The whole platform, booted on free ports in a temporary folder, used as its users do.

mod browser;
mod person;
mod restart;
mod round_trip;
mod seer;
mod stack;
