//! OffsetForLeaderEpoch: where an epoch of leadership ended. There is one leader and one epoch.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use crate::Broker;
use crate::log::LEADER_EPOCH;

const UNDEFINED: i32 = -1;

pub(crate) fn handle(
    broker: &Broker,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|asked| {
        let topic = broker.topics.get(&asked.topic);
        let partitions = asked.partitions.iter().map(|asked| {
            let answer = EpochEndOffset::default()
                .with_partition(asked.partition)
                .with_leader_epoch(UNDEFINED)
                .with_end_offset(i64::from(UNDEFINED));
            match topic
                .as_ref()
                .and_then(|topic| topic.partition(asked.partition))
            {
                None => answer.with_error_code(ResponseError::UnknownTopicOrPartition.code()),
                Some(_) if asked.current_leader_epoch > LEADER_EPOCH => {
                    answer.with_error_code(ResponseError::UnknownLeaderEpoch.code())
                }
                Some(partition) if asked.leader_epoch == LEADER_EPOCH => answer
                    .with_leader_epoch(LEADER_EPOCH)
                    .with_end_offset(partition.high_watermark()),
                Some(_) => answer,
            }
        });
        OffsetForLeaderTopicResult::default()
            .with_partitions(partitions.collect())
            .with_topic(asked.topic.clone())
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}
