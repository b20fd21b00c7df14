//! A single-node Kafka broker, small enough to run inside another process.
//!
//! Delivery: a produce request is answered after its record batches are written to the segment
//! file in one write, so nothing acked is lost when the process dies at any moment. The disk
//! itself is flushed on segment roll, on shutdown and, if asked for, at an interval: only the loss
//! of power or of the kernel can take what was acked since. Consumers see a record as soon as it
//! is written; an idempotent producer's retry is recognised and stored once.

mod broker;
mod clock;
mod config;
mod connection;
mod dispatch;
pub mod group;
mod handlers;
mod log;
mod meters;
mod producer_ids;
mod refusal;
mod reply;
mod server;
mod shape;
mod topics;

pub use broker::{Broker, NODE_ID};
pub use config::StreamerConfig;
pub use dispatch::RequestContext;
pub use server::{Streamer, serve};
