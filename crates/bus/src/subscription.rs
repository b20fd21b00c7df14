//! A member of a consumer group.
//!
//! Delivery is at least once. A thread of its own polls Kafka, turns each record into the caller's type while it still
//! lies in the fetch buffer, and hands over batches of whatever is there: a lone record at once, thousands under load. The
//! caller reports an effect that is durable with [`Acks`]; only then does the position move, per partition up to the
//! first record that is not done, and librdkafka commits it each second and at the end. A crash therefore repeats
//! records and never skips one: effects must be idempotent by message id.
//!
//! When the caller is slow, the thread pauses the partitions and keeps polling, so that the group does not expel it.

use std::{collections::HashMap, sync::Arc, thread, time::Duration};

use contract::topic;
use parking_lot::Mutex;
use rdkafka::{ClientConfig, consumer::BaseConsumer, error::KafkaError};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{KafkaConfig, RecordRef, connection::Connection, watermark::Watermark};
use poll::Poller;
use rebalance::GroupContext;

mod poll;
mod rebalance;

/// What to read, and as whom.
#[derive(Clone, Debug)]
pub struct SubscriptionOptions {
    /// The component's name.
    pub client_id: &'static str,
    pub group: String,
    pub topics: TopicSelection,
    /// Most records of one batch.
    pub batch_max: usize,
}

/// Which topics a reader reads. Topics and partitions that are made later are found within a second.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TopicSelection {
    /// Every topic of users, and these internal ones.
    UsersAnd(Vec<String>),
    Named(Vec<String>),
}

impl TopicSelection {
    /// What a pattern for all topics is not to match, as librdkafka takes it: partitions that nobody wants would count when
    /// the group shares them out.
    fn unwanted(&self) -> String {
        let own = [topic::LIFECYCLE, topic::DEAD_LETTER];
        let unwanted = own.iter().filter(|name| !self.contains(name));
        let patterns = unwanted.map(|name| format!(",^{name}$"));
        format!("^__.*{}", patterns.collect::<String>())
    }

    pub fn contains(&self, topic: &str) -> bool {
        let names = match self {
            Self::UsersAnd(_) if !topic::is_internal(topic) => return true,
            Self::UsersAnd(names) | Self::Named(names) => names,
        };
        names.iter().any(|name| name == topic)
    }
}

/// Where a reader that keeps its own positions wants to begin in a partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StartPosition {
    pub next_offset: i64,
    /// The topic's id when the position was kept. A topic that was deleted and made anew has another.
    pub topic_id: Option<Uuid>,
}

/// Where a member begins in the partitions that it is assigned.
pub enum StartFrom {
    /// Where the group has committed, else at the first record there is.
    Committed,
    /// Where the caller's own positions say, whatever the group has committed; at the first record there is in partitions
    /// without one. Asked on the polling thread, at each assignment, which waits for the answer.
    Positions(OwnPositions),
}

/// The caller's positions in the partitions that are assigned, by topic and number.
pub type OwnPositions =
    Box<dyn Fn(&[(String, i32)]) -> HashMap<(String, i32), StartPosition> + Send + Sync>;

/// Records of one poll, in the order of each partition, and the means to report them done.
#[derive(Debug)]
pub struct Batch<T> {
    pub records: Vec<T>,
    pub ends: BatchEnds,
}

/// The last offset of each partition in a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchEnds(pub Vec<BatchEnd>);

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BatchEnd {
    pub topic: Arc<str>,
    pub partition: i32,
    pub last_offset: i64,
    /// Absent where the broker knows no topic ids.
    pub topic_id: Option<Uuid>,
}

/// The subscription has ended by itself and will deliver nothing more.
#[derive(Clone, Debug, thiserror::Error)]
#[error("reading from Kafka has ended: {0}")]
pub struct SubscriptionEnded(String);

pub struct Subscription<T> {
    batches: mpsc::Receiver<Result<Batch<T>, SubscriptionEnded>>,
    acks: Acks,
    stop: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl<T: Send + 'static> Subscription<T> {
    /// Joins the group. `decode` runs on the polling thread; records for which it returns `None` count as done, and are
    /// in a batch by their offsets only.
    ///
    /// Fails only for options that librdkafka refuses; a broker that is away is waited for.
    pub fn start(
        kafka: &KafkaConfig,
        options: SubscriptionOptions,
        start: StartFrom,
        decode: impl FnMut(&RecordRef<'_>) -> Option<T> + Send + 'static,
    ) -> Result<Self, KafkaError> {
        let acks = Acks::default();
        let (config, connection) = client_config(kafka, &options)?;
        let context = GroupContext::new(start, acks.clone(), connection);
        let consumer: BaseConsumer<GroupContext> = config.create_with_context(context)?;
        // One batch waits while the caller works on another: enough to keep both busy, little to repeat after a crash.
        let (sender, batches) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let poller = Poller::new(consumer, options, decode, acks.clone());
        let (runtime, token) = (Handle::current(), stop.clone());
        let thread = thread::Builder::new()
            .name("kafka-subscription".to_owned())
            .spawn(move || poller.run(&sender, &runtime, &token))
            .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok(Self {
            batches,
            acks,
            stop,
            thread: Some(thread),
        })
    }

    /// The next records, as soon as there are any. Cancel-safe.
    pub async fn recv(&mut self) -> Result<Batch<T>, SubscriptionEnded> {
        let ended = || SubscriptionEnded("its thread is gone".to_owned());
        self.batches.recv().await.unwrap_or_else(|| Err(ended()))
    }

    pub fn acks(&self) -> Acks {
        self.acks.clone()
    }

    /// Commits what is done, leaves the group and frees the client. What takes longer than `deadline`, such as a broker
    /// that is away, is left behind: the records it would have committed are read again.
    pub async fn close(mut self, deadline: Duration) {
        self.stop.cancel();
        // Unblocks the thread when it waits to hand over a batch.
        self.batches.close();
        let Some(thread) = self.thread.take() else {
            return;
        };
        let joined = tokio::task::spawn_blocking(move || thread.join());
        match tokio::time::timeout(deadline, joined).await {
            Ok(Ok(Ok(()))) => {}
            Ok(_) => tracing::error!("the thread that reads from Kafka panicked"),
            Err(_) => tracing::warn!("could not leave the consumer group in time"),
        }
    }
}

impl<T> Drop for Subscription<T> {
    /// The thread ends, commits and frees the client in the background: that can block.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Reports that effects are durable. All clones report to the same subscription.
#[derive(Clone, Debug, Default)]
pub struct Acks {
    partitions: Arc<Mutex<PartitionMap>>,
}

type PartitionMap = HashMap<(Arc<str>, i32), PartitionAcks>;

#[derive(Debug, Default)]
struct PartitionAcks {
    watermark: Watermark,
    /// The position that librdkafka has been given to commit.
    stored: Option<i64>,
}

impl Acks {
    /// Everything up to and including the ends of a batch is durable.
    pub fn batch_done(&self, ends: &BatchEnds) {
        let mut partitions = self.partitions.lock();
        for end in &ends.0 {
            if let Some(acks) = partitions.get_mut(&(Arc::clone(&end.topic), end.partition)) {
                acks.watermark.done_through(end.last_offset);
            }
        }
    }

    /// One record is durable; others before it may not be yet.
    pub fn record_done(&self, topic: &Arc<str>, partition: i32, offset: i64) {
        let mut partitions = self.partitions.lock();
        if let Some(acks) = partitions.get_mut(&(Arc::clone(topic), partition)) {
            acks.watermark.done(offset);
        }
    }

    fn delivered(&self, topic: &Arc<str>, partition: i32, offsets: impl Iterator<Item = i64>) {
        let mut partitions = self.partitions.lock();
        let acks = partitions
            .entry((Arc::clone(topic), partition))
            .or_default();
        for offset in offsets {
            acks.watermark.delivered(offset);
        }
    }

    /// A partition changed hands: what was delivered before no longer counts.
    fn forget(&self, topic: &str, partition: i32) {
        self.partitions
            .lock()
            .remove(&(Arc::from(topic), partition));
    }

    /// Calls `store` for each position that moved since the last time and remembers those it took.
    fn store_moved(&self, mut store: impl FnMut(&str, i32, i64) -> bool) {
        for ((topic, partition), acks) in self.partitions.lock().iter_mut() {
            let position = acks.watermark.position();
            if let Some(next) = position
                && acks.stored != position
                && store(topic, *partition, next)
            {
                acks.stored = position;
            }
        }
    }
}

fn client_config(
    kafka: &KafkaConfig,
    options: &SubscriptionOptions,
) -> Result<(ClientConfig, Connection), KafkaError> {
    let (mut config, connection) = kafka.client(options.client_id)?;
    config
        .set("group.id", &options.group)
        // Records from before the group's first start count too; the default begins at the end.
        .set("auto.offset.reset", "earliest")
        // Positions move when the effect is durable, not when the record is handed out…
        .set("enable.auto.offset.store", "false")
        // …and are committed in the background, at rebalances and at the end.
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "1000")
        .set("partition.assignment.strategy", "cooperative-sticky")
        // After a kill, the group waits this long for the dead member before its partitions go to the restarted one; the
        // default is 45 s, and brokers allow no less than 6 s. Static membership would spare even that, but a broker
        // gives a static member that returns its old partitions back without looking for topics made meanwhile.
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500")
        // How soon a message on a brand-new topic is seen.
        .set("topic.metadata.refresh.interval.ms", "500")
        .set("topic.blacklist", options.topics.unwanted())
        // A fetch waits at the broker and is answered at the first byte. Other requests queue up behind it on their
        // connection, so a new partition, which needs several, would wait a few times the default of 500 ms.
        .set("fetch.min.bytes", "1")
        .set("fetch.wait.max.ms", "100")
        // Read ahead, counted without the half KiB that librdkafka needs beside each record. When it is used up the
        // default pauses a full second.
        .set("queued.max.messages.kbytes", "8192")
        .set("fetch.queue.backoff.ms", "10")
        .set("fetch.error.backoff.ms", "100");
    Ok((config, connection))
}
