//! The broker as its clients see it: raw frames for what a client library would hide, and librdkafka
//! for what users do.

mod admin;
mod broker;
mod clients;
mod faults;
mod fetch;
mod groups;
mod produce;
mod start;
