//! What the seer says it has indexed.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::Context;
use contract::{LifecycleEvent, MessageId, Stage, topic};
use rdkafka::{
    ClientConfig, Message,
    consumer::{Consumer, StreamConsumer},
    error::KafkaError,
    types::RDKafkaErrorCode,
};

/// For all that were sent.
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) struct Announced(StreamConsumer);

impl Announced {
    pub(crate) fn follow(broker: &str) -> anyhow::Result<Self> {
        let consumer: StreamConsumer = ClientConfig::new()
            .set("bootstrap.servers", broker)
            .set("group.id", "bench-seer")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "50")
            .set("topic.metadata.refresh.interval.ms", "200")
            .create()?;
        consumer.subscribe(&[topic::LIFECYCLE])?;
        Ok(Self(consumer))
    }

    /// Waits until all messages are indexed; returns how long each took since it was sent.
    pub(crate) async fn until_all(
        &self,
        sent: HashMap<MessageId, Instant>,
    ) -> anyhow::Result<Vec<Duration>> {
        tokio::time::timeout(TIMEOUT, self.read(sent))
            .await
            .context("not every message was indexed in time")?
    }

    async fn read(&self, mut sent: HashMap<MessageId, Instant>) -> anyhow::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(sent.len());
        while !sent.is_empty() {
            let record = match self.0.recv().await {
                // The topic is made with the first announcement.
                Err(KafkaError::MessageConsumption(RDKafkaErrorCode::UnknownTopicOrPartition)) => {
                    continue;
                }
                record => record?,
            };
            let event: LifecycleEvent =
                serde_json::from_slice(record.payload().unwrap_or_default())?;
            if event.stage == Stage::Indexed
                && event.error.is_none()
                && let Some(started) = sent.remove(&event.id)
            {
                took.push(started.elapsed());
            }
        }
        Ok(took)
    }
}
