//! A burst: one message many times at a steady rate, and how long it took each to be done.

use contract::{Problem, Stage, topic};
use serde::{Deserialize, Serialize};

/// What is to be sent; the body of `POST /api/bursts`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub(crate) struct Order {
    #[serde(default = "default_topic")]
    pub(crate) topic: String,
    /// Messages of the same key stay in order. Empty means none.
    #[serde(default)]
    pub(crate) key: String,
    /// The value of each record; `{n}` in it becomes 1, 2, 3…
    pub(crate) message: String,
    /// Messages, 5,000 at most.
    pub(crate) count: u32,
    /// Messages a second, 1,000 at most.
    pub(crate) rate: u32,
}

/// How far a burst is. The last event that tells of it has `ended`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub(crate) struct Burst {
    pub(crate) id: String,
    pub(crate) count: u32,
    /// Messages a second that were asked for.
    pub(crate) rate: u32,
    /// Messages that are in the log.
    pub(crate) sent: u32,
    /// Messages that are not.
    pub(crate) failed: u32,
    /// Why the last of those is not.
    pub(crate) problem: Option<Problem>,
    /// From the first click to the last receipt, in microseconds.
    pub(crate) sending_us: u64,
    /// One for each stage after which a message may be called done, in the order of the ladder.
    pub(crate) stages: Vec<Series>,
    /// All are done, or nobody waits for the others any more.
    pub(crate) ended: bool,
}

/// How long it took from the click to a stage.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub(crate) struct Series {
    pub(crate) stage: Stage,
    /// Messages that have reached it.
    pub(crate) count: u32,
    /// How many of them took up to 1 ms, 2 ms, 5 ms, 10 ms and so on up to 20 s, and how many took longer.
    pub(crate) buckets: Vec<u32>,
    /// In microseconds; 0 while there is none.
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

fn default_topic() -> String {
    topic::DEFAULT.to_owned()
}
