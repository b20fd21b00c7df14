//! Parts of the log between two offsets, read over a connection of its own.

use std::{
    collections::VecDeque,
    sync::{Arc, mpsc},
    thread,
    time::Instant,
};

use contract::{Position, record::RecordView};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::oneshot;

use super::{Admin, AdminError, Shared, TIMEOUT};
use crate::{RecordRef, TopicSelection, connection::PlainContext, offsets};

/// The offsets of one partition from `from` on and before `until`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordRange {
    pub topic: Arc<str>,
    pub partition: i32,
    pub from: i64,
    pub until: i64,
}

/// Which end of a range counts when not all of it is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadFrom {
    Start,
    End,
}

/// How much of a range is wanted; at least one record is read in any case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadLimits {
    pub records: usize,
    /// Of keys and values.
    pub bytes: usize,
}

/// Reads ranges one after another, on a thread of its own that ends with it.
#[derive(Debug)]
pub struct RangeReader {
    questions: mpsc::Sender<Question>,
}

struct Question {
    range: RecordRange,
    from: ReadFrom,
    limits: ReadLimits,
    answer: oneshot::Sender<Answer>,
}

/// The records, in the order of the log, and the part of the range that they are all of.
type Answer = Result<(Vec<RecordView>, RecordRange), AdminError>;

impl Admin {
    /// What lies between two places, in each partition of `topics` that has something there.
    pub async fn ranges(
        &self,
        topics: TopicSelection,
        from: Position,
        until: Position,
    ) -> Result<Vec<RecordRange>, AdminError> {
        self.blocking(move |shared| shared.ranges(&topics, from, until))
            .await
    }

    pub fn range_reader(&self) -> Result<RangeReader, AdminError> {
        let shared = &self.shared;
        let (mut config, connection) = shared.kafka.client(shared.client_id)?;
        let consumer: BaseConsumer<PlainContext> = config
            // librdkafka wants a name to assign partitions; the group is never joined.
            .set("group.id", format!("{}-reader", shared.client_id))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            // When retention overtakes the reader: what it finds then lies beyond the range.
            .set("auto.offset.reset", "earliest")
            // A few records are wanted, not the megabytes after them.
            .set("fetch.message.max.bytes", "131072")
            .set("queued.min.messages", "100")
            .set("queued.max.messages.kbytes", "4096")
            .set("fetch.queue.backoff.ms", "1")
            // A fetch that waits at the end of one partition holds up the next range.
            .set("fetch.wait.max.ms", "5")
            .create_with_context(PlainContext(connection))?;
        let (questions, asked) = mpsc::channel();
        thread::Builder::new()
            .name("kafka-ranges".to_owned())
            .spawn(move || answer(&consumer, &asked))
            .map_err(|error| AdminError::Unavailable(error.to_string()))?;
        Ok(RangeReader { questions })
    }
}

impl RangeReader {
    /// The records at one end of a range, as many as the limits allow, and the part of the range that was read. From its
    /// end the whole range has to pass by: the caller asks for a short one.
    pub async fn read(&self, range: RecordRange, from: ReadFrom, limits: ReadLimits) -> Answer {
        let ended = || AdminError::Unavailable("reading was cut off".to_owned());
        let (answer, answered) = oneshot::channel();
        let question = Question {
            range,
            from,
            limits,
            answer,
        };
        self.questions.send(question).map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Shared {
    fn ranges(
        &self,
        topics: &TopicSelection,
        from: Position,
        until: Position,
    ) -> Result<Vec<RecordRange>, AdminError> {
        let mut partitions = offsets::led_partitions(&self.reader, TIMEOUT)?;
        partitions.retain(|(topic, _)| topics.contains(topic));
        if let TopicSelection::Named(names) = topics {
            let is_there = |name: &&String| partitions.iter().any(|(topic, _)| topic == *name);
            if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
                return Err(AdminError::UnknownTopic(unknown.clone()));
            }
        }
        let names = partitions
            .iter()
            .map(|(topic, partition)| (topic.as_str(), *partition));
        let ranges = offsets::ranges(&self.reader, names, TIMEOUT)?;
        let starts = offsets::positions(&self.reader, from, &ranges, TIMEOUT)?;
        let ends = offsets::positions(&self.reader, until, &ranges, TIMEOUT)?;
        let ranges = starts.into_iter().filter_map(|(partition, from)| {
            let until = *ends.get(&partition)?;
            let (topic, partition) = partition;
            (from < until).then(|| RecordRange {
                topic: topic.into(),
                partition,
                from,
                until,
            })
        });
        let mut ranges: Vec<_> = ranges.collect();
        ranges.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        Ok(ranges)
    }
}

/// The reader's thread.
fn answer(consumer: &BaseConsumer<PlainContext>, asked: &mpsc::Receiver<Question>) {
    while let Ok(question) = asked.recv() {
        let answer = read(consumer, question.range, question.from, question.limits);
        // Nobody to tell when the caller has gone.
        let _ = question.answer.send(answer);
    }
}

fn read(
    consumer: &BaseConsumer<PlainContext>,
    range: RecordRange,
    from: ReadFrom,
    limits: ReadLimits,
) -> Answer {
    let mut partition = TopicPartitionList::new();
    let start = Offset::Offset(range.from);
    partition.add_partition_offset(&range.topic, range.partition, start)?;
    consumer.assign(&partition)?;
    let answer = read_assigned(consumer, Window::new(range, from, limits));
    consumer.unassign()?;
    answer
}

fn read_assigned(consumer: &BaseConsumer<PlainContext>, mut window: Window) -> Answer {
    let deadline = Instant::now() + TIMEOUT;
    while !window.is_complete {
        let remaining = deadline.saturating_duration_since(Instant::now());
        match consumer.poll(remaining) {
            Some(Ok(message)) if message.offset() >= window.range.until => break,
            Some(Ok(message)) => {
                let record = RecordRef::new(&message, &window.range.topic);
                let bytes =
                    record.key().map_or(0, <[u8]>::len) + record.value().map_or(0, <[u8]>::len);
                window.take(record.view(), bytes);
            }
            // What is left of the range holds no records: the end of a log need not be one.
            Some(Err(KafkaError::PartitionEOF(_))) => break,
            Some(Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
            ))) => return Err(AdminError::UnknownTopic(window.range.topic.to_string())),
            // Connecting is retried until the deadline.
            Some(Err(error)) => tracing::debug!(%error, "cannot read for now"),
            None if remaining.is_zero() => {
                return Err(AdminError::Unavailable("no record in time".to_owned()));
            }
            None => {}
        }
    }
    Ok((window.records.into(), window.range))
}

/// What is kept of a range while it passes by.
struct Window {
    /// Shrinks when not all of it is kept.
    range: RecordRange,
    from: ReadFrom,
    limits: ReadLimits,
    records: VecDeque<RecordView>,
    /// Of each record.
    sizes: VecDeque<usize>,
    bytes: usize,
    is_complete: bool,
}

impl Window {
    fn new(range: RecordRange, from: ReadFrom, limits: ReadLimits) -> Self {
        Self {
            is_complete: range.from >= range.until,
            range,
            from,
            limits,
            records: VecDeque::new(),
            sizes: VecDeque::new(),
            bytes: 0,
        }
    }

    fn take(&mut self, record: RecordView, bytes: usize) {
        let next = record.offset + 1;
        self.records.push_back(record);
        self.sizes.push_back(bytes);
        self.bytes += bytes;
        match self.from {
            ReadFrom::Start if self.is_full() => {
                self.range.until = next;
                self.is_complete = true;
            }
            ReadFrom::Start => {}
            ReadFrom::End => self.drop_surplus(),
        }
        self.is_complete |= next >= self.range.until;
    }

    fn is_full(&self) -> bool {
        self.records.len() >= self.limits.records || self.bytes >= self.limits.bytes
    }

    fn drop_surplus(&mut self) {
        let is_too_much = |window: &Self| {
            window.records.len() > window.limits.records || window.bytes > window.limits.bytes
        };
        while self.records.len() > 1 && is_too_much(self) {
            self.records.pop_front();
            self.bytes -= self.sizes.pop_front().unwrap_or(0);
            if let Some(first) = self.records.front() {
                self.range.from = first.offset;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::MessageId;

    use super::*;

    fn record(offset: i64) -> RecordView {
        RecordView {
            id: MessageId::of_record("t", 0, offset),
            topic: "t".to_owned(),
            partition: 0,
            offset,
            timestamp: None,
            key: None,
            key_encoding: Default::default(),
            value: None,
            value_encoding: Default::default(),
            headers: Vec::new(),
        }
    }

    /// Offsets kept and the range they cover, of 10..20 where only every second offset is a record of 100 bytes.
    fn kept(from: ReadFrom, records: usize, bytes: usize) -> (Vec<i64>, (i64, i64)) {
        let range = RecordRange {
            topic: "t".into(),
            partition: 0,
            from: 10,
            until: 20,
        };
        let mut window = Window::new(range, from, ReadLimits { records, bytes });
        for offset in (11..20).step_by(2) {
            if !window.is_complete {
                window.take(record(offset), 100);
            }
        }
        let offsets = window.records.iter().map(|record| record.offset);
        (offsets.collect(), (window.range.from, window.range.until))
    }

    #[test]
    fn a_window_keeps_the_end_that_counts_and_says_what_it_covers() {
        let all = (vec![11, 13, 15, 17, 19], (10, 20));
        for from in [ReadFrom::Start, ReadFrom::End] {
            assert_eq!(kept(from, 100, 10_000), all, "{from:?}");
        }
        assert_eq!(kept(ReadFrom::Start, 2, 10_000), (vec![11, 13], (10, 14)));
        assert_eq!(kept(ReadFrom::Start, 100, 150), (vec![11, 13], (10, 14)));
        assert_eq!(kept(ReadFrom::End, 2, 10_000), (vec![17, 19], (17, 20)));
        assert_eq!(kept(ReadFrom::End, 100, 250), (vec![17, 19], (17, 20)));
        assert_eq!(kept(ReadFrom::End, 100, 1), (vec![19], (19, 20)));
        assert_eq!(kept(ReadFrom::Start, 100, 1), (vec![11], (10, 12)));
    }
}
