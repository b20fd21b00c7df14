//! Answers as records on `seer-answer`: what was asked, what was said, and the messages that prove it.
//!
//! Who asks over Kafka waits for the record: [`AnswerLog::write`] is repeated until Kafka has it. Who asks over HTTP has the answer
//! itself: [`AnswerLog::note`] writes the record beside it, once, so that a message can tell where it was cited. A broker that is
//! away costs that record, never the answer.

use std::{sync::Arc, time::SystemTime};

use bus::{Message, MessageHeaders, PublishResult, Publisher};
use contract::{
    MessageId, Timestamp, TraceParent,
    seer::{Answer, AnswerRecord},
    topic,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Answers of HTTP callers that wait for Kafka's acknowledgement.
const NOTES_MAX: usize = 256;

#[derive(Clone)]
pub(crate) struct AnswerLog {
    publisher: Publisher,
    room: Arc<Semaphore>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) id: MessageId,
    /// Empty where it could not be read.
    pub(crate) text: String,
    pub(crate) trace: TraceParent,
}

impl Asked {
    /// A question over HTTP, which is no record and has an id for its answer alone.
    pub(crate) fn now(text: &str, trace: TraceParent) -> Self {
        Self {
            id: MessageId(Uuid::now_v7()),
            text: text.trim().to_owned(),
            trace,
        }
    }
}

impl AnswerLog {
    pub(crate) fn new(publisher: Publisher) -> Self {
        Self {
            publisher,
            room: Arc::new(Semaphore::new(NOTES_MAX)),
        }
    }

    /// Writes an answer; the same question is answered under the same id however often.
    pub(crate) async fn write(&self, asked: &Asked, answer: &Answer) -> PublishResult {
        let record = AnswerRecord {
            question: asked.text.clone(),
            answer: answer.clone(),
        };
        // Our own types always serialise.
        let value = serde_json::to_vec(&record).unwrap_or_default();
        let key = asked.id.to_string();
        let message = Message {
            topic: topic::SEER_ANSWER,
            key: Some(key.as_bytes().into()),
            value: &value,
            headers: MessageHeaders {
                id: MessageId::of_idempotency_key(topic::SEER_ANSWER, key.as_bytes()),
                accepted_at: Timestamp::from(SystemTime::now()),
                trace: TraceParent {
                    span_id: fastrand::u64(1..),
                    ..asked.trace
                },
                content_type: Some(b"application/json"),
                others: &[],
            },
        };
        self.publisher.publish(&message).await
    }

    /// Writes an answer while its caller goes on.
    pub(crate) fn note(&self, asked: Asked, answer: Answer) {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!(id = %asked.id, "answer not written: too many wait for Kafka");
            return;
        };
        let log = self.clone();
        tokio::spawn(async move {
            let _room = room;
            if let Err(error) = log.write(&asked, &answer).await {
                tracing::warn!(id = %asked.id, %error, "answer not written");
            }
        });
    }
}
