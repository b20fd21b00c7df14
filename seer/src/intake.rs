//! From Kafka into the index.
//!
//! Each batch is made durable in the vector store, then announced on `kafkloud-lifecycle`, and only then acknowledged to
//! the group. After a crash the batch is read again: its points have the same ids and its events fold by message id, so
//! nothing is there twice. What the store or the model cannot take now is tried again with the same batch while reading
//! waits; what can never be indexed is announced with the reason.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use bus::{
    Admin, Batch, BatchEnds, KafkaConfig, Publisher, RecordRef, StartFrom, Subscription,
    SubscriptionOptions,
};
use contract::{TraceParent, header};
use futures::{StreamExt, stream::FuturesOrdered};
use service::{CancellationToken, health::CheckHandle};

use crate::{
    announce::{self, Indexed},
    config::IntakeConfig,
    index::{Document, Index, IndexError},
    text,
};

/// Records that are embedded, stored and announced together: about two seconds of work for the embedded model.
const BATCH_MAX: usize = 256;
/// Batches at once: while one is stored and announced, the next is embedded already.
const BATCHES_AT_ONCE: usize = 2;
/// How long leaving the group may take at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(400);
/// How long what is away is left alone.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A record as the index takes it.
pub(crate) struct Learned {
    pub(crate) document: Document,
    trace: Option<TraceParent>,
    pub(crate) topic: Arc<str>,
    /// Why there is nothing to be found.
    pub(crate) not_text: Option<String>,
}

pub(crate) struct Intake {
    subscription: Subscription<Learned>,
    learner: Learner,
}

struct Learner {
    index: Index,
    publisher: Publisher,
    check: CheckHandle,
}

impl Intake {
    pub(crate) fn start(
        kafka: &KafkaConfig,
        config: &IntakeConfig,
        index: Index,
        publisher: Publisher,
        check: CheckHandle,
    ) -> anyhow::Result<Self> {
        metrics::describe_counter!("seer_records_total", "Records indexed, again ones too");
        metrics::describe_histogram!("seer_batch_duration_seconds", "Time of one batch");
        let options = SubscriptionOptions {
            client_id: "kafkloud-seer",
            group: config.group.clone(),
            topics: config.selection()?,
            batch_max: BATCH_MAX,
        };
        let topics = config.clone();
        let learn =
            move |record: &RecordRef<'_>| topics.learns(record.topic()).then(|| learn(record));
        let subscription = Subscription::start(kafka, options, StartFrom::Committed, learn)
            .context("cannot subscribe to Kafka")?;
        Ok(Self {
            subscription,
            learner: Learner {
                index,
                publisher,
                check,
            },
        })
    }

    /// Learns until `stop`; ends early only with an error.
    pub(crate) async fn run(mut self, admin: Admin, stop: CancellationToken) -> anyhow::Result<()> {
        let acks = self.subscription.acks();
        // Otherwise the first announcement would have Kafka make the topic in its own way.
        let check = &self.learner.check;
        check.not_ready("the topics that Kafkloud needs are not there yet");
        let topics = stop.run_until_cancelled(admin.ensure_internal_topics());
        if topics.await.is_some() {
            check.ready();
        }
        // Acknowledged in the order in which they came. What is cut off at the end is read again after the next start.
        let mut learning = FuturesOrdered::new();
        let result = loop {
            tokio::select! {
                () = stop.cancelled() => break Ok(()),
                Some(ends) = learning.next() => acks.batch_done(&ends),
                batch = self.subscription.recv(), if learning.len() < BATCHES_AT_ONCE => match batch {
                    Ok(batch) => learning.push_back(self.learner.learn(batch)),
                    Err(error) => break Err(error.into()),
                },
            }
        };
        drop(learning);
        self.subscription.close(CLOSE_TIMEOUT).await;
        result
    }
}

impl Learner {
    /// Returns the ends of the batch when all of it is durable and announced.
    async fn learn(&self, batch: Batch<Learned>) -> BatchEnds {
        let ends = batch.ends.clone();
        self.learn_all(batch).await;
        ends
    }

    async fn learn_all(&self, batch: Batch<Learned>) {
        let started = Instant::now();
        let records = batch.records.len();
        let (mut documents, mut announcements) = (Vec::new(), Vec::new());
        for learned in batch.records {
            announcements.push(Indexed {
                id: learned.document.id,
                topic: learned.topic,
                partition: learned.document.partition,
                offset: learned.document.offset,
                trace: learned.trace,
                error: learned.not_text.clone(),
            });
            if learned.not_text.is_none() {
                documents.push(learned.document);
            }
        }
        for (id, reason) in self.add(documents).await {
            let refused = announcements.iter_mut().filter(|message| message.id == id);
            refused.for_each(|message| message.error = Some(reason.clone()));
        }
        announce::indexed(&self.publisher, announcements, started).await;
        metrics::counter!("seer_records_total").increment(records as u64);
        metrics::histogram!("seer_batch_duration_seconds").record(started.elapsed());
    }

    /// Adds documents, as often as it takes; tells those that can never be added, with the reason.
    async fn add(&self, documents: Vec<Document>) -> Vec<(contract::MessageId, String)> {
        let mut refused = Vec::new();
        let mut parts = vec![documents];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            match self.index.add(part.clone()).await {
                Ok(()) => self.check.ready(),
                // One of them is to blame: halves tell which.
                Err(IndexError::Refused(reason)) if part.len() == 1 => {
                    tracing::warn!(id = %part[0].id, reason, "a message cannot be indexed");
                    refused.push((part[0].id, reason));
                }
                Err(IndexError::Refused(_)) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push(second.to_vec());
                    parts.push(first.to_vec());
                }
                Err(error) => {
                    self.check.not_ready(error.to_string());
                    parts.push(part);
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
        refused
    }
}

/// Runs on the polling thread.
pub(crate) fn learn(record: &RecordRef<'_>) -> Learned {
    let content_type = record
        .headers()
        .filter(|(name, _)| name == header::CONTENT_TYPE)
        .last()
        .and_then(|(_, value)| value);
    let meta = record.meta();
    let key = record
        .key()
        .map(|key| String::from_utf8_lossy(key).into_owned());
    let (text, not_text) = match text::of_value(record.value(), content_type, record.key()) {
        Ok(text) => (text, None),
        Err(reason) => (String::new(), Some(reason.to_string())),
    };
    Learned {
        document: Document {
            id: meta.id,
            topic: record.topic().to_string(),
            partition: record.partition(),
            offset: record.offset(),
            key,
            timestamp: record.timestamp_ms(),
            text,
        },
        trace: meta.trace,
        topic: Arc::clone(record.topic()),
        not_text,
    }
}
