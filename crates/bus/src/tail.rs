//! A reader without a group: it sees every record of its topics from where it begins, commits nothing, and finds topics and
//! partitions that are made later by itself. Those begin at their first record: they are newer than the reader.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use contract::Position;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
    message::Message,
};
use tokio::sync::{mpsc, watch};

use crate::{
    KafkaConfig, RecordRef, TopicSelection, connection::PlainContext, offsets, offsets::Partition,
    record::TopicNames,
};

/// How often new topics and partitions are looked for.
const REFRESH_INTERVAL: Duration = Duration::from_millis(500);
/// How long a question about them may take.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(2);
/// How often the thread looks up from idle topics: bounds the delay of a stop and of another selection.
const POLL_TIMEOUT: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
pub struct TailOptions {
    /// The component's name.
    pub client_id: &'static str,
    /// Most records handed over at once.
    pub batch_max: usize,
    /// Memory for records read ahead.
    pub ahead_kbytes: u32,
    pub start: TailStart,
}

/// Where to begin in the partitions that exist already.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TailStart {
    /// The same in every partition; one that does not reach so far begins at its end.
    At(Position),
    /// The next offset of each partition that was read before. Others are new since, and begin at their first record.
    Resume(HashMap<Partition, i64>),
}

#[derive(Debug)]
pub enum TailItem<T> {
    Reading(Reading),
    Records(Vec<T>),
}

/// Partitions that are read from now on, with the offset each begins at. Follows every [`Tail::select`], if only with
/// none.
#[derive(Debug)]
pub struct Reading {
    /// Of the selection that it answers.
    pub version: u64,
    pub partitions: Vec<(Arc<str>, i32, i64)>,
}

pub struct Tail<T> {
    items: mpsc::Receiver<TailItem<T>>,
    selection: watch::Sender<(TopicSelection, u64)>,
}

impl<T: Send + 'static> Tail<T> {
    /// Reads until it is dropped. A broker that is away is waited for.
    pub fn start(
        kafka: &KafkaConfig,
        options: TailOptions,
        topics: TopicSelection,
        decode: impl FnMut(&RecordRef<'_>) -> T + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (mut config, connection) = kafka.client(options.client_id)?;
        let consumer = config
            // librdkafka wants a name to assign partitions; the group is never joined.
            .set("group.id", format!("{}-tail", options.client_id))
            .set("enable.auto.commit", "false")
            // When retention overtakes the reader.
            .set("auto.offset.reset", "earliest")
            .set(
                "queued.max.messages.kbytes",
                options.ahead_kbytes.to_string(),
            )
            // Questions about new partitions queue up behind a waiting fetch.
            .set("fetch.wait.max.ms", "100")
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.error.backoff.ms", "100")
            .create_with_context(PlainContext(connection))?;
        let (selection, selected) = watch::channel((topics, 0));
        let (sender, items) = mpsc::channel(1);
        let worker = Worker {
            consumer,
            options,
            selected,
            decode,
            sender,
            names: TopicNames::default(),
            known: None,
            assigned: HashSet::new(),
        };
        thread::Builder::new()
            .name("kafka-tail".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self { items, selection })
    }

    /// What comes next. Cancel-safe; `None` only when the thread is gone.
    pub async fn recv(&mut self) -> Option<TailItem<T>> {
        self.items.recv().await
    }

    /// Reads other topics from now on. Those that were read already go on where they are. The next [`Reading`] with
    /// `version` says that it is so.
    pub fn select(&self, topics: TopicSelection, version: u64) {
        self.selection.send_replace((topics, version));
    }
}

/// What the tail's thread owns.
struct Worker<T, F> {
    consumer: BaseConsumer<PlainContext>,
    options: TailOptions,
    selected: watch::Receiver<(TopicSelection, u64)>,
    decode: F,
    sender: mpsc::Sender<TailItem<T>>,
    names: TopicNames,
    /// All partitions that were there at the last look; `None` before the first.
    known: Option<HashSet<Partition>>,
    assigned: HashSet<Partition>,
}

impl<T, F: FnMut(&RecordRef<'_>) -> T> Worker<T, F> {
    fn run(mut self) {
        let mut next_refresh = Instant::now();
        let mut told = None;
        while !self.sender.is_closed() {
            let version = self.selected.borrow_and_update().1;
            if told != Some(version) || Instant::now() >= next_refresh {
                match self.refresh() {
                    Ok(partitions) => {
                        if told != Some(version) || !partitions.is_empty() {
                            told = Some(version);
                            self.tell(TailItem::Reading(Reading {
                                version,
                                partitions,
                            }));
                        }
                    }
                    Err(error) => tracing::debug!(%error, "cannot look for partitions for now"),
                }
                next_refresh = Instant::now() + REFRESH_INTERVAL;
            }
            let records = self.gather();
            if !records.is_empty() {
                self.tell(TailItem::Records(records));
            }
        }
    }

    /// Blocks while the receiver is busy: no group waits for this reader.
    fn tell(&self, item: TailItem<T>) {
        // An error means that the tail was dropped, which ends the loop.
        let _ = self.sender.blocking_send(item);
    }

    fn gather(&mut self) -> Vec<T> {
        let mut records = Vec::new();
        let mut timeout = POLL_TIMEOUT;
        while records.len() < self.options.batch_max {
            match self.consumer.poll(timeout) {
                None => break,
                Some(Ok(message)) => {
                    let topic = self.names.shared(message.topic());
                    records.push((self.decode)(&RecordRef::new(&message, &topic)));
                }
                // librdkafka retries by itself.
                Some(Err(error)) => tracing::debug!(%error, "cannot read for now"),
            }
            timeout = Duration::ZERO;
        }
        records
    }

    /// Brings the assignment in line with the selection and with what there is; returns the partitions that are new to it.
    fn refresh(&mut self) -> KafkaResult<Vec<(Arc<str>, i32, i64)>> {
        let selection = self.selected.borrow().0.clone();
        let there = offsets::led_partitions(&self.consumer, REFRESH_TIMEOUT)?;
        let wanted: HashSet<Partition> = there
            .iter()
            .filter(|(topic, _)| selection.contains(topic))
            .cloned()
            .collect();
        self.leave(&wanted)?;
        let fresh: Vec<Partition> = wanted.difference(&self.assigned).cloned().collect();
        let starts = self.starts(&fresh)?;
        let mut assignment = TopicPartitionList::new();
        for ((topic, partition), offset) in &starts {
            assignment.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
        }
        if assignment.count() > 0 {
            self.consumer.incremental_assign(&assignment)?;
        }
        let mut reading = Vec::with_capacity(starts.len());
        for ((topic, partition), offset) in starts {
            reading.push((self.names.shared(&topic), partition, offset));
            self.assigned.insert((topic, partition));
        }
        // What could not be begun yet is new again at the next look, and begins at its first record then.
        let pending = |partition: &Partition| {
            wanted.contains(partition) && !self.assigned.contains(partition)
        };
        self.known = Some(there.into_iter().filter(|p| !pending(p)).collect());
        Ok(reading)
    }

    fn leave(&mut self, wanted: &HashSet<Partition>) -> KafkaResult<()> {
        let gone: Vec<Partition> = self.assigned.difference(wanted).cloned().collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut assignment = TopicPartitionList::new();
        for partition in &gone {
            assignment.add_partition(&partition.0, partition.1);
            self.assigned.remove(partition);
        }
        self.consumer.incremental_unassign(&assignment)
    }

    /// The offset at which each of `fresh` begins. Those the broker cannot tell yet are left for the next look.
    fn starts(&self, fresh: &[Partition]) -> Result<Vec<(Partition, i64)>, KafkaError> {
        let names = fresh
            .iter()
            .map(|(topic, partition)| (topic.as_str(), *partition));
        let ranges = offsets::ranges(&self.consumer, names, REFRESH_TIMEOUT)?;
        let positions = match &self.options.start {
            TailStart::At(position) => {
                offsets::positions(&self.consumer, *position, &ranges, REFRESH_TIMEOUT)?
            }
            TailStart::Resume(_) => HashMap::new(),
        };
        let starts = ranges.into_iter().map(|(partition, (first, next))| {
            let is_new = self
                .known
                .as_ref()
                .is_some_and(|known| !known.contains(&partition));
            let offset = match &self.options.start {
                _ if is_new => first,
                TailStart::At(_) => positions.get(&partition).copied().unwrap_or(first),
                TailStart::Resume(positions) => match positions.get(&partition) {
                    // Beyond the end, the topic was made anew.
                    Some(offset) if *offset <= next => (*offset).max(first),
                    _ => first,
                },
            };
            (partition, offset)
        });
        Ok(starts.collect())
    }
}
