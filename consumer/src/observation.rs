//! What a Kafka record tells about the life of a message.

use std::sync::Arc;

use bus::RecordRef;
use contract::{LifecycleEvent, MessageId, Stage, Timestamp, topic};

use crate::store::StageCounts;

/// Longest part of a key that the status keeps; keys are shown to recognise a message, not to carry data.
pub(crate) const KEY_BYTES_MAX: usize = 256;

#[derive(Clone, Debug)]
pub(crate) enum Observation {
    Record(RecordSeen),
    /// A component reported [`Stage::Indexed`] or [`Stage::Dead`].
    Reached {
        event: LifecycleEvent,
        /// The partition of the life-cycle topic that the event itself comes from.
        from: i32,
    },
}

/// A message's own record.
#[derive(Clone, Debug)]
pub(crate) struct RecordSeen {
    pub(crate) id: MessageId,
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: Option<Box<[u8]>>,
    pub(crate) trace_id: Option<u128>,
    /// Absent for records of other Kafka clients.
    pub(crate) accepted_at: Option<Timestamp>,
    /// The record's timestamp, which is never before `accepted_at` here: it has only milliseconds.
    pub(crate) streamed_at: Option<Timestamp>,
    /// Of key, value and headers.
    pub(crate) size_bytes: usize,
}

impl Observation {
    /// The topic and the partition that tell it.
    pub(crate) fn source(&self) -> (&str, i32) {
        match self {
            Self::Record(seen) => (&seen.topic, seen.partition),
            Self::Reached { from, .. } => (topic::LIFECYCLE, *from),
        }
    }
}

impl RecordSeen {
    /// Counts the stages that a message has reached when its record was seen.
    pub(crate) fn count(&self, reached: &mut StageCounts) {
        if self.accepted_at.is_some() {
            reached.add(Stage::Accepted, 1);
        }
        reached.add(Stage::Streamed, 1);
        reached.add(Stage::Consumed, 1);
    }
}

/// `None` when the record says nothing about any message.
pub(crate) fn observe(record: &RecordRef<'_>) -> Option<Observation> {
    if &**record.topic() == topic::LIFECYCLE {
        let from = record.partition();
        return reached(record).map(|event| Observation::Reached { event, from });
    }
    let meta = record.meta();
    let timestamp = record.timestamp_ms().map(Timestamp::from_millis);
    Some(Observation::Record(RecordSeen {
        id: meta.id,
        topic: Arc::clone(record.topic()),
        partition: record.partition(),
        offset: record.offset(),
        key: record
            .key()
            .map(|key| key[..key.len().min(KEY_BYTES_MAX)].into()),
        trace_id: meta.trace.map(|trace| trace.trace_id),
        accepted_at: meta.accepted_at,
        streamed_at: timestamp.or(meta.accepted_at).max(meta.accepted_at),
        size_bytes: bytes(record.key()) + bytes(record.value()) + meta.header_bytes,
    }))
}

fn bytes(part: Option<&[u8]>) -> usize {
    part.map_or(0, <[u8]>::len)
}

fn reached(record: &RecordRef<'_>) -> Option<LifecycleEvent> {
    let event: LifecycleEvent = match serde_json::from_slice(record.value()?) {
        Ok(event) => event,
        Err(error) => {
            // Skipped for good: it would be as wrong the next time.
            tracing::warn!(%error, partition = record.partition(), offset = record.offset(), "not a life-cycle event");
            return None;
        }
    };
    // The other stages are read off the message's own record.
    matches!(event.stage, Stage::Indexed | Stage::Dead).then_some(event)
}
