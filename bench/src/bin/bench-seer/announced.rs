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
use tokio::sync::mpsc;

/// For all that were sent.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Reads from the moment it is made, so that each announcement has the time at which it came.
pub(crate) struct Announced(mpsc::UnboundedReceiver<(MessageId, Instant)>);

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
        let (sender, announced) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            // Whoever waits finds the channel closed when reading ends.
            if let Err(error) = read(&consumer, &sender).await {
                eprintln!("the lifecycle events cannot be read: {error:#}");
            }
        });
        Ok(Self(announced))
    }

    /// Waits until all messages are indexed; returns how long each took since it was sent.
    pub(crate) async fn until_all(
        &mut self,
        mut sent: HashMap<MessageId, Instant>,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(sent.len());
        let all = async {
            while !sent.is_empty() {
                let (id, came) = self.0.recv().await.context("reading has ended")?;
                took.extend(sent.remove(&id).map(|started| came.duration_since(started)));
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(TIMEOUT, all)
            .await
            .context("not every message was indexed in time")??;
        Ok(took)
    }
}

async fn read(
    consumer: &StreamConsumer,
    announced: &mpsc::UnboundedSender<(MessageId, Instant)>,
) -> anyhow::Result<()> {
    loop {
        let record = match consumer.recv().await {
            // The topic is made with the first announcement.
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::UnknownTopicOrPartition)) => {
                continue;
            }
            record => record?,
        };
        let event: LifecycleEvent = serde_json::from_slice(record.payload().unwrap_or_default())?;
        if event.stage == Stage::Indexed
            && event.error.is_none()
            && announced.send((event.id, Instant::now())).is_err()
        {
            return Ok(());
        }
    }
}
