use std::{sync::Arc, time::Duration};

use rdkafka::{
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Message},
};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Acks, Batch, BatchEnd, BatchEnds, SubscriptionEnded, SubscriptionOptions, TopicSelection,
    rebalance::GroupContext,
};
use crate::{RecordRef, record::TopicNames};

/// How often the thread looks up from an idle topic: bounds the delay of a stop.
const POLL_TIMEOUT: Duration = Duration::from_millis(100);
/// How long the caller may be busy before the partitions are paused; well below `max.poll.interval.ms` (300 s).
const BUSY_MAX: Duration = Duration::from_secs(5);

type BatchSender<T> = mpsc::Sender<Result<Batch<T>, SubscriptionEnded>>;

/// What the subscription's thread owns.
pub(super) struct Poller<F> {
    consumer: BaseConsumer<GroupContext>,
    topics: TopicSelection,
    batch_max: usize,
    decode: F,
    acks: Acks,
    names: TopicNames,
}

/// Consecutive records of one partition within a batch.
struct Run {
    topic: Arc<str>,
    partition: i32,
    /// With whether the caller wants the record.
    offsets: Vec<(i64, bool)>,
}

impl<F> Poller<F> {
    pub(super) fn new(
        consumer: BaseConsumer<GroupContext>,
        options: SubscriptionOptions,
        decode: F,
        acks: Acks,
    ) -> Self {
        Self {
            consumer,
            topics: options.topics,
            batch_max: options.batch_max.max(1),
            decode,
            acks,
            names: TopicNames::default(),
        }
    }

    pub(super) fn run<T>(
        mut self,
        sender: &BatchSender<T>,
        runtime: &Handle,
        stop: &CancellationToken,
    ) where
        F: FnMut(&RecordRef<'_>) -> Option<T>,
    {
        let result = self.subscribe().and_then(|()| {
            while !stop.is_cancelled() {
                self.store_positions();
                let batch = self.gather()?;
                if !batch.ends.0.is_empty() && !self.hand_over(batch, sender, runtime, stop) {
                    break;
                }
            }
            Ok(())
        });
        if let Err(error) = result {
            tracing::error!(%error, "reading from Kafka has ended");
            // Nobody to tell when the receiver is gone.
            let _ = sender.blocking_send(Err(SubscriptionEnded(error.to_string())));
        }
        self.finish();
    }

    fn subscribe(&self) -> Result<(), KafkaError> {
        let patterns = match &self.topics {
            // Internal topics that nobody asked for are skipped in `gather`: POSIX patterns cannot say “all but”.
            TopicSelection::UsersAnd(_) => vec!["^.*".to_owned()],
            // Patterns even for known names: a topic that does not exist yet is then no error.
            TopicSelection::Named(names) => names
                .iter()
                .map(|name| format!("^{}$", name.replace('.', "[.]")))
                .collect(),
        };
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        self.consumer.subscribe(&patterns)
    }

    /// All records that are there, up to the maximum, or an empty batch after a while.
    fn gather<T>(&mut self) -> Result<Batch<T>, KafkaError>
    where
        F: FnMut(&RecordRef<'_>) -> Option<T>,
    {
        let mut records = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        let mut count = 0;
        while count < self.batch_max {
            let timeout = if count == 0 {
                POLL_TIMEOUT
            } else {
                Duration::ZERO
            };
            let message = match self.consumer.poll(timeout) {
                None => break,
                Some(Ok(message)) => message,
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(error),
                Some(Err(error)) => {
                    // librdkafka retries by itself; the broker's state is told by the watch of it.
                    tracing::debug!(%error, "cannot read for now");
                    break;
                }
            };
            count += 1;
            let run = current_run(&mut runs, &mut self.names, &message);
            let record = RecordRef::new(&message, &run.topic);
            let decoded = self
                .topics
                .contains(record.topic())
                .then(|| (self.decode)(&record))
                .flatten();
            run.offsets.push((record.offset(), decoded.is_some()));
            records.extend(decoded);
        }
        Ok(Batch {
            records,
            ends: self.deliver(&runs),
        })
    }

    /// Notes what is about to be handed over; records that nobody wants are done at once.
    fn deliver(&self, runs: &[Run]) -> BatchEnds {
        let mut ends: Vec<BatchEnd> = Vec::new();
        for run in runs {
            let offsets = run.offsets.iter().map(|(offset, _)| *offset);
            self.acks.delivered(&run.topic, run.partition, offsets);
            for (offset, _) in run.offsets.iter().filter(|(_, wanted)| !wanted) {
                self.acks.record_done(&run.topic, run.partition, *offset);
            }
            let Some((last_offset, _)) = run.offsets.last().copied() else {
                continue;
            };
            let same =
                |end: &&mut BatchEnd| end.partition == run.partition && end.topic == run.topic;
            match ends.iter_mut().find(same) {
                Some(end) => end.last_offset = last_offset,
                None => ends.push(BatchEnd {
                    topic: Arc::clone(&run.topic),
                    partition: run.partition,
                    last_offset,
                    topic_id: self.consumer.context().topic_id(&run.topic),
                }),
            }
        }
        BatchEnds(ends)
    }

    /// Waits until the caller takes the batch. False when there is nobody to take it.
    fn hand_over<T>(
        &self,
        batch: Batch<T>,
        sender: &BatchSender<T>,
        runtime: &Handle,
        stop: &CancellationToken,
    ) -> bool {
        let mut paused = false;
        while !stop.is_cancelled() {
            let wait = async { tokio::time::timeout(BUSY_MAX, sender.reserve()).await };
            match runtime.block_on(wait) {
                Ok(Ok(permit)) => {
                    permit.send(Ok(batch));
                    if paused {
                        self.pause(false);
                    }
                    return true;
                }
                Ok(Err(_)) => return false,
                Err(_) => {
                    paused = true;
                    self.stay_member();
                }
            }
        }
        false
    }

    /// Tells the group that this member lives while its caller is busy. Paused partitions yield no records, and what
    /// was read ahead of them is fetched again later; only a partition assigned this moment could slip one through,
    /// so the poll is left out then.
    fn stay_member(&self) {
        self.pause(true);
        self.store_positions();
        if let Some(Ok(message)) = self.consumer.poll(Duration::ZERO) {
            let (partition, offset) = (message.partition(), message.offset());
            let back = rdkafka::Offset::Offset(offset);
            let result = self
                .consumer
                .seek(message.topic(), partition, back, POLL_TIMEOUT);
            if let Err(error) = result {
                tracing::error!(%error, "cannot put a record back");
            }
        }
    }

    fn pause(&self, pause: bool) {
        let result = self.consumer.assignment().and_then(|partitions| {
            if pause {
                self.consumer.pause(&partitions)
            } else {
                self.consumer.resume(&partitions)
            }
        });
        if let Err(error) = result {
            tracing::warn!(%error, pause, "cannot pause or resume reading");
        }
    }

    /// Gives librdkafka the positions that moved; its timer commits them.
    fn store_positions(&self) {
        self.acks.store_moved(|topic, partition, next_offset| {
            // librdkafka stores the offset *after* the one it is given.
            let stored = self
                .consumer
                .store_offset(topic, partition, next_offset - 1);
            if let Err(error) = &stored {
                tracing::debug!(%error, topic, partition, "position not stored: partition revoked");
            }
            stored.is_ok()
        });
    }

    /// A last commit. Dropping the client then leaves the group.
    fn finish(self) {
        self.store_positions();
        match self.consumer.commit_consumer_state(CommitMode::Sync) {
            Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
            Err(error) => {
                tracing::warn!(%error, "the last commit failed; the records since the one before are read again")
            }
        }
    }
}

/// The run that `message` continues or begins. Its topic's name is shared by all its records.
fn current_run<'r>(
    runs: &'r mut Vec<Run>,
    names: &mut TopicNames,
    message: &BorrowedMessage<'_>,
) -> &'r mut Run {
    let (topic, partition) = (message.topic(), message.partition());
    let continues = runs
        .last()
        .is_some_and(|run| run.partition == partition && &*run.topic == topic);
    if !continues {
        runs.push(Run {
            topic: names.shared(topic),
            partition,
            offsets: Vec::new(),
        });
    }
    let last = runs.len() - 1;
    &mut runs[last]
}
