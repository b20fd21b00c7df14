//! The portal over HTTP, beside stand-ins for the producer and the consumer.

mod api;
mod guard;
mod harness;
mod live;
mod pages;
