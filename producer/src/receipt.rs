use std::time::{Instant, SystemTime};

use axum::http::HeaderMap;
use bus::Ack;
use contract::{MessageId, Receipt, Timestamp, TraceParent, header};
use uuid::Uuid;

use crate::app::App;

/// What is known of a message when it is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    pub(crate) id: MessageId,
    pub(crate) at: Timestamp,
    pub(crate) trace: TraceParent,
    started: Instant,
}

impl Accepted {
    pub(crate) fn now(id: MessageId, trace: TraceParent) -> Self {
        Self {
            id,
            at: SystemTime::now().into(),
            trace,
            started: Instant::now(),
        }
    }

    pub(crate) fn receipt(&self, app: &App, topic: &str, ack: Ack) -> Receipt {
        Receipt {
            id: self.id,
            topic: topic.to_owned(),
            partition: ack.partition,
            offset: ack.offset,
            timestamp: ack.timestamp_ms,
            trace_id: self.trace.trace_id_text(),
            status: format!("{}/{}", app.status_url, self.id),
            took_us: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Ids that sort by the time they were made.
pub(crate) fn new_id() -> MessageId {
    MessageId(Uuid::now_v7())
}

/// Continues the caller's trace with a span of our own, or begins one.
pub(crate) fn continue_trace(headers: &HeaderMap) -> TraceParent {
    let parent = headers
        .get(header::TRACEPARENT)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let begun = || TraceParent {
        trace_id: fastrand::u128(1..),
        span_id: 0,
        sampled: true,
    };
    with_new_span(parent.unwrap_or_else(begun))
}

pub(crate) fn with_new_span(trace: TraceParent) -> TraceParent {
    TraceParent {
        span_id: fastrand::u64(1..),
        ..trace
    }
}
