//! Moving the offsets that a consumer group has committed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::{
    Position,
    cluster::{GroupView, OffsetMove, OffsetReset, OffsetResetOutcome},
    topic,
};
use rdkafka::{Offset, TopicPartitionList, consumer::Consumer, error::RDKafkaErrorCode};

use super::{Admin, AdminError, Shared, TIMEOUT, groups};
use crate::{
    native,
    offsets::{self, Partition},
};

impl Admin {
    /// Tells what a reset moves, and moves it unless it is a dry run. A group with members is left alone: they would go
    /// on where they are and commit over it.
    pub async fn reset_offsets(
        &self,
        group: &str,
        reset: OffsetReset,
    ) -> Result<OffsetResetOutcome, AdminError> {
        let group = group.to_owned();
        self.blocking(move |shared| shared.reset_offsets(&group, &reset))
            .await
    }
}

impl Shared {
    fn reset_offsets(
        &self,
        name: &str,
        reset: &OffsetReset,
    ) -> Result<OffsetResetOutcome, AdminError> {
        let group = self.group(name)?;
        if !group.members.is_empty() {
            return Err(groups::in_use(&group));
        }
        let partitions = self.partitions_to_reset(&group, reset)?;
        let moves = self.moves(&group, &partitions, reset.to)?;
        if !reset.dry_run {
            self.commit(&group, &moves)?;
        }
        Ok(OffsetResetOutcome {
            group: group.group,
            dry_run: reset.dry_run,
            replays: moves.iter().map(|moved| moved.replays).sum(),
            skips: moves.iter().map(|moved| moved.skips).sum(),
            partitions: moves,
        })
    }

    fn partitions_to_reset(
        &self,
        group: &GroupView,
        reset: &OffsetReset,
    ) -> Result<BTreeSet<Partition>, AdminError> {
        if reset.topics.is_empty() && reset.partitions.is_empty() {
            let committed = group.partitions.iter();
            let committed: BTreeSet<_> = committed
                .map(|found| (found.topic.clone(), found.partition))
                .collect();
            return match committed.is_empty() {
                true => Err(AdminError::NothingCommitted(group.group.clone())),
                false => Ok(committed),
            };
        }
        let exists = offsets::led_partitions(&self.reader, TIMEOUT)?;
        let of_topic = |name: &str| {
            let found = exists.iter().filter(|(topic, _)| topic == name);
            let found: Vec<Partition> = found.cloned().collect();
            let unknown = found.is_empty() || topic::validate(name).is_err();
            match unknown {
                true => Err(AdminError::UnknownTopic(name.to_owned())),
                false => Ok(found),
            }
        };
        let mut wanted = BTreeSet::new();
        for topic in &reset.topics {
            wanted.extend(of_topic(topic)?);
        }
        for named in &reset.partitions {
            let partition = (named.topic.clone(), named.partition);
            if !of_topic(&named.topic)?.contains(&partition) {
                return Err(AdminError::UnknownPartition {
                    topic: named.topic.clone(),
                    partition: named.partition,
                });
            }
            wanted.insert(partition);
        }
        Ok(wanted)
    }

    fn moves(
        &self,
        group: &GroupView,
        partitions: &BTreeSet<Partition>,
        to: Position,
    ) -> Result<Vec<OffsetMove>, AdminError> {
        let names = partitions
            .iter()
            .map(|(topic, partition)| (topic.as_str(), *partition));
        let ranges = offsets::ranges(&self.reader, names, TIMEOUT)?;
        let starts = offsets::positions(&self.reader, to, &ranges, TIMEOUT)?;
        let committed: HashMap<(&str, i32), i64> = group
            .partitions
            .iter()
            .map(|found| {
                (
                    (found.topic.as_str(), found.partition),
                    found.committed_offset,
                )
            })
            .collect();
        // By topic and partition, as a person reads it.
        let starts: BTreeMap<Partition, i64> = starts.into_iter().collect();
        let moves = starts.into_iter().filter_map(|(partition, after)| {
            let range = *ranges.get(&partition)?;
            let (topic, partition) = partition;
            let before = committed.get(&(topic.as_str(), partition)).copied();
            let (replays, skips) = before.map_or((0, 0), |before| count(before, after, range));
            Some(OffsetMove {
                topic,
                partition,
                before,
                after,
                replays,
                skips,
            })
        });
        Ok(moves.collect())
    }

    fn commit(&self, group: &GroupView, moves: &[OffsetMove]) -> Result<(), AdminError> {
        if moves.is_empty() {
            return Ok(());
        }
        let mut offsets = TopicPartitionList::new();
        for moved in moves {
            let after = Offset::Offset(moved.after);
            offsets.add_partition_offset(&moved.topic, moved.partition, after)?;
        }
        native::alter_offsets(self.reader.client(), &group.group, &offsets, TIMEOUT).map_err(
            |error| match error {
                // Somebody has joined since the look at the members.
                rdkafka::error::KafkaError::AdminOp(
                    RDKafkaErrorCode::UnknownMemberId
                    | RDKafkaErrorCode::RebalanceInProgress
                    | RDKafkaErrorCode::IllegalGeneration,
                ) => groups::in_use(group),
                error => error.into(),
            },
        )
    }
}

/// Records that are read again and records that are left out when a reader moves from `before` to `after`. What has left the
/// log is neither.
fn count(before: i64, after: i64, (first, next): (i64, i64)) -> (u64, u64) {
    let before = before.clamp(first, next);
    let replays = u64::try_from(before - after).unwrap_or(0);
    let skips = u64::try_from(after - before).unwrap_or(0);
    (replays, skips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_counted_within_the_log() {
        assert_eq!(count(10, 4, (0, 20)), (6, 0));
        assert_eq!(count(10, 20, (0, 20)), (0, 10));
        assert_eq!(count(10, 10, (0, 20)), (0, 0));
        assert_eq!(count(2, 5, (5, 20)), (0, 0), "they left the log before");
        assert_eq!(count(40, 5, (5, 20)), (15, 0), "the log was made anew");
    }
}
