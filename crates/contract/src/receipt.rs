use serde::{Deserialize, Serialize};

use crate::{MessageId, Problem};

/// The producer's answer to a message that is in the log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// The record's Kafka timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// 32 lower-case hexadecimal digits.
    pub trace_id: String,
    /// The URL that tells the message's life.
    pub status: String,
    /// From taking the message to the broker's acknowledgement, in microseconds.
    pub took_us: u64,
}

/// One line of the producer's NDJSON answer, for one line of the NDJSON request. Lines are answered in the order of the request.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum LineOutcome {
    Acked {
        /// The line's number in the request, from 1.
        line: u64,
        #[serde(flatten)]
        receipt: Receipt,
    },
    Failed {
        /// The line's number in the request, from 1.
        line: u64,
        error: Problem,
    },
}
