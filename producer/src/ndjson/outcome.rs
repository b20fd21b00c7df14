use std::sync::Arc;

use axum::body::Bytes;
use bus::Ack;
use contract::{LineOutcome, MessageId, TraceParent};
use serde::Serialize;

use super::Batch;
use crate::{app::App, failure};

/// Room for the outcome of a line in the usual case: fewer reallocations.
const OUTCOME_BYTES: usize = 384;

/// Writes the response of one request.
pub(super) struct Outcomes {
    app: Arc<App>,
    topic: String,
    trace_id: String,
}

/// [`LineOutcome::Acked`] without owning its texts, which most lines have in common.
#[derive(Serialize)]
struct Acked<'a> {
    line: u64,
    id: MessageId,
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp: i64,
    trace_id: &'a str,
    status: StatusUrl<'a>,
    took_us: u64,
}

struct StatusUrl<'a>(&'a str, MessageId);

impl Outcomes {
    pub(super) fn new(app: Arc<App>, topic: String, trace: TraceParent) -> Self {
        Self {
            app,
            topic,
            trace_id: trace.trace_id_text(),
        }
    }

    /// Waits for the acks of a batch and writes the outcome of each of its lines.
    pub(super) async fn write(&self, batch: Batch) -> Bytes {
        let mut acks = batch.acks.outcomes().await;
        let took_us = u64::try_from(batch.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut text = Vec::with_capacity(batch.lines.len() * OUTCOME_BYTES);
        let (mut acked, mut failed) = (0, 0);
        for (line, taken) in batch.lines {
            let outcome = taken.and_then(|id| {
                let ack = acks.next().unwrap_or(Err(bus::PublishError::NotAcked));
                ack.map(|ack| (id, ack))
                    .map_err(|error| failure::problem(error, self.app.config.body_limit))
            });
            let written = match outcome {
                Ok((id, ack)) => {
                    acked += 1;
                    serde_json::to_writer(&mut text, &self.acked(line, id, ack, took_us))
                }
                Err(problem) => {
                    failed += 1;
                    let error = problem.problem;
                    serde_json::to_writer(&mut text, &LineOutcome::Failed { line, error })
                }
            };
            // Writing to memory does not fail, and neither do these types.
            let _ = written;
            text.push(b'\n');
        }
        self.app.counters.records.increment(acked);
        self.app.counters.errors.increment(failed);
        text.into()
    }

    fn acked(&self, line: u64, id: MessageId, ack: Ack, took_us: u64) -> Acked<'_> {
        Acked {
            line,
            id,
            topic: &self.topic,
            partition: ack.partition,
            offset: ack.offset,
            timestamp: ack.timestamp_ms,
            trace_id: &self.trace_id,
            status: StatusUrl(&self.app.status_url, id),
            took_us,
        }
    }
}

impl Serialize for StatusUrl<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.0, self.1))
    }
}
