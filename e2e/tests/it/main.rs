//! The whole platform, booted on free ports in a temporary folder, used as its users do.

mod chunks;
mod keyboard;
mod look;
mod person;
mod restart;
mod round_trip;
mod round_trip_page;
mod seer_page;
mod stack;
