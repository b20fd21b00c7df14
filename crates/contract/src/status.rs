//! What the consumer answers about one message and about all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MessageId, Stage, Timestamp};

/// `GET /status`: the whole stream in numbers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusSummary {
    /// Messages consumed since the status store was made; each message counts once.
    pub n_consumed: u64,
    /// Messages that have reached each stage since the status store was made.
    pub stages: BTreeMap<Stage, u64>,
    /// Messages per second that reach each stage, over the last ten seconds.
    pub rates: BTreeMap<Stage, f64>,
    /// Records that each consumer group has yet to read.
    pub lag: BTreeMap<String, i64>,
}

/// `GET /status/{id}`: the life of one message so far.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageLife {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// UTF-8; bytes that are not are shown as U+FFFD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The highest rung reached.
    pub stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// In the order in which they were reached.
    pub stages: Vec<StageReached>,
}

/// `GET /lives`: messages that were looked for.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LifeList {
    /// Those that came last, the last one first.
    pub lives: Vec<MessageLife>,
    /// All that match, on whatever page they are.
    pub total: u64,
}

/// `GET /lives/stats`: the messages that were streamed between two times, in numbers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LifeStats {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Messages streamed from `since` on and before `until`.
    pub messages: u64,
    /// False when there were more: then only the newest were looked at, `messages` of them.
    pub complete: bool,
    /// How long a bucket is, in microseconds; the first begins at `since`.
    pub bucket_us: u64,
    /// For each stage, how many of these messages reached it in each bucket. What was reached after `until` is in none.
    pub reached: BTreeMap<Stage, Vec<u64>>,
    /// How long each step took, and the whole: from *accepted* (or *streamed*, for records of other clients) to *indexed*, which is
    /// the last one.
    pub steps: Vec<StepTimes>,
}

/// How long messages took from one stage to another; 0 for those that reached the later one first.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepTimes {
    pub from: Stage,
    pub to: Stage,
    /// Messages that have reached both.
    pub messages: u64,
    pub p50_us: u64,
    pub p95_us: u64,
    pub p99_us: u64,
}

/// A rung that a message has reached.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageReached {
    pub stage: Stage,
    pub at: Timestamp,
    pub component: String,
    /// From the rung before, or as the component measured it, in microseconds.
    pub took_us: u64,
    /// Why the message is dead, or why it reached the rung without what the rung promises: a message that is not text is
    /// done for the seer, but cannot be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl MessageLife {
    /// Whether the message has reached `stage` or a higher one.
    pub fn has_reached(&self, stage: Stage) -> bool {
        self.stages.iter().any(|reached| reached.stage >= stage)
    }
}
