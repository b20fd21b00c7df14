//! The life of a message: the ladder it climbs, and the event by which a component reports a rung.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{MessageId, Timestamp};

/// A rung of the ladder, in the order in which a message climbs it; `Dead` can follow any.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The producer has taken the message over HTTP. Records of other Kafka clients skip this rung.
    Accepted,
    /// The message is a record in the log: from here on it cannot be lost.
    Streamed,
    /// The consumer has processed it and its status is durable.
    Consumed,
    /// The seer can find it.
    Indexed,
    /// It could not be processed and lies in the dead-letter topic.
    Dead,
}

impl Stage {
    pub const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Streamed,
        Self::Consumed,
        Self::Indexed,
        Self::Dead,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Streamed => "streamed",
            Self::Consumed => "consumed",
            Self::Indexed => "indexed",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a stage is one of accepted, streamed, consumed, indexed, dead")]
pub struct UnknownStage;

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.name() == text)
            .ok_or(UnknownStage)
    }
}

/// The value of a record on [`crate::topic::LIFECYCLE`], keyed by `id`: a component finished something that others cannot see.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LifecycleEvent {
    pub id: MessageId,
    pub stage: Stage,
    pub at: Timestamp,
    /// Who reports, such as `seer`.
    pub component: String,
    /// Where the message's own record lies.
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// How long the component worked on it, in microseconds.
    pub took_us: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}
