//! Tells everybody what the seer has done: one event a message on `kafkloud-lifecycle`.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bus::{Message, MessageHeaders, Publisher};
use contract::{LifecycleEvent, MessageId, Stage, Timestamp, TraceParent, topic};

/// How long Kafka is left alone after it did not take an event.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A message that the seer is done with.
#[derive(Clone, Debug)]
pub(crate) struct Indexed {
    pub(crate) id: MessageId,
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) trace: Option<TraceParent>,
    /// Why it cannot be found, although the seer is done with it.
    pub(crate) error: Option<String>,
}

/// Returns when Kafka has every event: only then may the positions of the messages move. An event that is written twice
/// changes nothing for its readers.
pub(crate) async fn indexed(publisher: &Publisher, messages: Vec<Indexed>, started: Instant) {
    let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let at = Timestamp::from(SystemTime::now());
    let mut events: Vec<Event> = messages
        .into_iter()
        .map(|message| Event::new(message, at, took_us))
        .collect();
    loop {
        let messages: Vec<Message<'_>> = events.iter().map(Event::message).collect();
        let outcomes: Vec<_> = publisher
            .publish_all(&messages)
            .await
            .outcomes()
            .await
            .collect();
        drop(messages);
        let mut outcomes = outcomes.into_iter();
        let mut reason = None;
        events.retain(|_| match outcomes.next() {
            Some(Err(error)) => {
                reason = Some(error);
                true
            }
            _ => false,
        });
        let Some(error) = reason else {
            return;
        };
        tracing::warn!(%error, events = events.len(), "cannot announce what was indexed; trying again");
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

struct Event {
    key: String,
    value: Vec<u8>,
    headers: MessageHeaders<'static>,
}

impl Event {
    fn new(message: Indexed, at: Timestamp, took_us: u64) -> Self {
        let trace = message.trace;
        let event = LifecycleEvent {
            id: message.id,
            stage: Stage::Indexed,
            at,
            component: "seer".to_owned(),
            topic: message.topic.to_string(),
            partition: message.partition,
            offset: message.offset,
            took_us,
            error: message.error,
            trace_id: trace.map(|trace| trace.trace_id_text()),
        };
        Self {
            key: event.id.to_string(),
            // Strings and numbers only: this cannot fail.
            value: serde_json::to_vec(&event).unwrap_or_default(),
            headers: MessageHeaders {
                id: event.id,
                accepted_at: at,
                trace: trace.unwrap_or(TraceParent {
                    trace_id: event.id.0.as_u128(),
                    span_id: 1,
                    sampled: false,
                }),
                content_type: Some(b"application/json"),
                others: &[],
            },
        }
    }

    fn message(&self) -> Message<'_> {
        Message {
            topic: topic::LIFECYCLE,
            key: Some(Cow::Borrowed(self.key.as_bytes())),
            value: &self.value,
            headers: self.headers,
        }
    }
}
