use std::{collections::HashMap, error::Error, time::Duration};

use parking_lot::Mutex;
use rdkafka::{
    ClientContext, Offset, TopicPartitionList,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    error::{KafkaError, KafkaResult},
    types::RDKafkaRespErr,
};
use uuid::Uuid;

use super::{Acks, StartFrom, StartPosition};
use crate::{connection::Connection, log, native, offsets};

/// How long the check of stored positions may hold up an assignment.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers librdkafka's callbacks, on the polling thread.
pub(super) struct GroupContext {
    start: StartFrom,
    acks: Acks,
    topic_ids: Mutex<HashMap<String, Uuid>>,
    connection: Connection,
}

impl GroupContext {
    pub(super) fn new(start: StartFrom, acks: Acks, connection: Connection) -> Self {
        Self {
            start,
            acks,
            topic_ids: Mutex::default(),
            connection,
        }
    }

    pub(super) fn topic_id(&self, topic: &str) -> Option<Uuid> {
        self.topic_ids.lock().get(topic).copied()
    }

    fn forget(&self, partitions: &TopicPartitionList) {
        for partition in partitions.elements() {
            self.acks.forget(partition.topic(), partition.partition());
        }
    }

    /// Moves newly assigned partitions to where the caller wants to begin.
    fn begin(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        self.learn_topic_ids(consumer, partitions);
        let StartFrom::Positions(positions) = &self.start else {
            return;
        };
        let elements = partitions.elements();
        let named: Vec<_> = elements
            .iter()
            .map(|partition| (partition.topic().to_owned(), partition.partition()))
            .collect();
        let positions = positions(&named);
        let names = named
            .iter()
            .map(|(topic, number)| (topic.as_str(), *number));
        let ranges = offsets::ranges(consumer, names, CHECK_TIMEOUT).unwrap_or_else(|error| {
            // librdkafka itself begins at the first record when a position is out of range, only without a word.
            tracing::warn!(%error, "cannot check the stored positions; using them as they are");
            HashMap::new()
        });
        for mut partition in partitions.elements() {
            let (topic, number) = (partition.topic().to_owned(), partition.partition());
            let range = ranges.get(&(topic.clone(), number)).copied();
            let offset = match positions.get(&(topic.clone(), number)).copied() {
                Some(start) => self.begin_at(start, &topic, number, range),
                None => range.map_or(Offset::Beginning, |(first, _)| Offset::Offset(first)),
            };
            if let Err(error) = partition.set_offset(offset) {
                tracing::error!(%error, topic, "cannot set the start position");
            }
        }
    }

    fn begin_at(
        &self,
        start: StartPosition,
        topic: &str,
        partition: i32,
        range: Option<(i64, i64)>,
    ) -> Offset {
        check(start, self.topic_id(topic), range).map_or_else(
            |reason| {
                let position = start.next_offset;
                tracing::warn!(
                    topic,
                    partition,
                    position,
                    ?range,
                    "{reason}; beginning at the first record there is"
                );
                Offset::Beginning
            },
            Offset::Offset,
        )
    }

    fn learn_topic_ids(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let elements = partitions.elements();
        let mut topics: Vec<&str> = elements.iter().map(|element| element.topic()).collect();
        topics.sort_unstable();
        topics.dedup();
        if topics.is_empty() {
            return;
        }
        match native::topic_ids(consumer.client(), &topics, CHECK_TIMEOUT) {
            Ok(ids) => self.topic_ids.lock().extend(ids),
            Err(error) => tracing::warn!(%error, "cannot learn the topics' ids"),
        }
    }
}

/// The offset to begin at, or why the stored position means nothing any more.
fn check(
    start: StartPosition,
    topic_id: Option<Uuid>,
    range: Option<(i64, i64)>,
) -> Result<i64, &'static str> {
    if let (Some(before), Some(now)) = (start.topic_id, topic_id)
        && before != now
    {
        return Err("the topic was deleted and made anew");
    }
    match range {
        Some((_, next)) if start.next_offset > next => Err("the log ends before the position"),
        Some((first, _)) if start.next_offset < first => {
            Err("the log has lost records before they were read")
        }
        _ => Ok(start.next_offset),
    }
}

impl ClientContext for GroupContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log::forward(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.connection.error(&error, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.connection.token()
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let cooperative = matches!(
            consumer.rebalance_protocol(),
            RebalanceProtocol::Cooperative
        );
        let count = partitions.count();
        let result = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            tracing::info!(partitions = count, "partitions assigned");
            self.forget(partitions);
            self.begin(consumer, partitions);
            if cooperative {
                consumer.incremental_assign(partitions)
            } else {
                consumer.assign(partitions)
            }
        } else {
            tracing::info!(partitions = count, "partitions revoked");
            self.forget(partitions);
            if cooperative {
                consumer.incremental_unassign(partitions)
            } else {
                consumer.unassign()
            }
        };
        if let Err(error) = result {
            tracing::error!(%error, "cannot follow the group's rebalance");
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        // Not lost: the position stays stored and goes with the next commit.
        if let Err(error) = result {
            tracing::debug!(%error, "offsets not committed yet");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_means_nothing_any_more_is_given_up() {
        let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let start = |next_offset, topic_id| StartPosition {
            next_offset,
            topic_id,
        };
        assert_eq!(check(start(7, None), None, None), Ok(7));
        assert_eq!(check(start(7, Some(old)), None, Some((0, 7))), Ok(7));
        assert_eq!(check(start(7, None), Some(new), Some((7, 9))), Ok(7));
        assert!(check(start(7, Some(old)), Some(new), Some((0, 9))).is_err());
        assert!(check(start(7, Some(new)), Some(new), Some((0, 6))).is_err());
        assert!(check(start(7, Some(new)), Some(new), Some((8, 9))).is_err());
    }
}
