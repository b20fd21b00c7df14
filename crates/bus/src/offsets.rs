//! Offsets of many partitions in one question to each broker.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use contract::Position;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaResult,
};

pub(crate) type Partition = (String, i32);

/// All partitions that have a leader. Asking about others waits for one to appear.
pub(crate) fn led_partitions<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    timeout: Duration,
) -> KafkaResult<HashSet<Partition>> {
    let metadata = consumer.fetch_metadata(None, timeout)?;
    let partitions = metadata.topics().iter().flat_map(|topic| {
        let led = topic
            .partitions()
            .iter()
            .filter(|found| found.leader() >= 0);
        led.map(|found| (topic.name().to_owned(), found.id()))
    });
    Ok(partitions.collect())
}

/// First and next offset of each partition. Partitions that the broker does not know are left out.
pub(crate) fn ranges<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: impl Iterator<Item = (&'a str, i32)> + Clone,
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, (i64, i64)>> {
    let first = at(consumer, partitions.clone(), Offset::Beginning, timeout)?;
    let mut next = at(consumer, partitions, Offset::End, timeout)?;
    Ok(first
        .into_iter()
        .filter_map(|(partition, first)| {
            let next = next.remove(&partition)?;
            Some((partition, (first, next)))
        })
        .collect())
}

/// The offset that `moment` means in each partition: `Beginning`, `End`, or the first record at or after a time, given
/// as `Offset::Offset` in milliseconds since 1970 (`End` where there is none).
pub(crate) fn at<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: impl Iterator<Item = (&'a str, i32)>,
    moment: Offset,
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    let mut question = TopicPartitionList::new();
    for (topic, partition) in partitions {
        question.add_partition_offset(topic, partition, moment)?;
    }
    if question.count() == 0 {
        return Ok(HashMap::new());
    }
    let answer = consumer.offsets_for_times(question, timeout)?;
    Ok(answer
        .elements()
        .into_iter()
        .filter(|partition| partition.error().is_ok())
        .filter_map(|partition| match partition.offset() {
            Offset::Offset(offset) => Some((
                (partition.topic().to_owned(), partition.partition()),
                offset,
            )),
            _ => None,
        })
        .collect())
}

/// The offset that `position` means in each partition of `ranges`, within the range that it has.
pub(crate) fn positions<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    position: Position,
    ranges: &HashMap<Partition, (i64, i64)>,
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    let times = match position {
        Position::Time(time) => {
            let partitions = ranges.keys();
            let names = partitions.map(|(topic, partition)| (topic.as_str(), *partition));
            at(consumer, names, Offset::Offset(time.as_millis()), timeout)?
        }
        _ => HashMap::new(),
    };
    let offset_in = |partition: &Partition, (first, next): (i64, i64)| match position {
        Position::Earliest => first,
        Position::Latest => next,
        Position::Offset(offset) => offset.clamp(first, next),
        // No record is so young: the next one will be.
        Position::Time(_) => times.get(partition).copied().unwrap_or(next),
    };
    Ok(ranges
        .iter()
        .map(|(partition, range)| (partition.clone(), offset_in(partition, *range)))
        .collect())
}
