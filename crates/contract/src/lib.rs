//! What the parts of Kafkloud say to each other: topics, record headers, message ids, life cycles and HTTP bodies.
//!
//! Data and its rules only: no I/O, no clock, no runtime, so that it compiles to WebAssembly for the portal's page.

mod access;
pub mod cluster;
pub mod header;
pub mod life;
mod message_id;
pub mod port;
mod position;
mod problem;
mod readiness;
mod receipt;
pub mod record;
pub mod seer;
pub mod status;
mod timestamp;
pub mod topic;
mod trace;

pub use access::{Actor, InvalidActor, Role, SignInLink};
pub use life::{LifecycleEvent, Stage};
pub use message_id::MessageId;
pub use position::{InvalidPosition, Position};
pub use problem::Problem;
pub use readiness::{Check, Readiness};
pub use receipt::{LineOutcome, Receipt};
pub use timestamp::Timestamp;
pub use topic::TopicNameError;
pub use trace::TraceParent;
