//! ListOffsets: the offset that belongs to a time, or to the beginning or end of the log.

use std::io;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::Broker;
use crate::log::{LEADER_EPOCH, PartitionLog, TimedOffset};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const NONE: i64 = -1;
const NO_EPOCH: i32 = -1;

pub(crate) fn handle(
    broker: &Broker,
    request: ListOffsetsRequest,
    api_version: i16,
) -> ListOffsetsResponse {
    let leader_epoch = if api_version >= 4 {
        LEADER_EPOCH
    } else {
        NO_EPOCH
    };
    let topics = request.topics.into_iter().map(|asked| {
        let topic = broker.topics.get(&asked.name);
        let partitions = asked.partitions.into_iter().map(|asked| {
            let partition = topic
                .as_ref()
                .and_then(|topic| topic.partition(asked.partition_index));
            answer(
                &asked,
                partition.map(|partition| &**partition),
                leader_epoch,
            )
        });
        ListOffsetsTopicResponse::default()
            .with_partitions(partitions.collect())
            .with_name(asked.name)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

fn answer(
    asked: &ListOffsetsPartition,
    partition: Option<&PartitionLog>,
    leader_epoch: i32,
) -> ListOffsetsPartitionResponse {
    let response = ListOffsetsPartitionResponse::default()
        .with_partition_index(asked.partition_index)
        .with_timestamp(NONE)
        .with_offset(NONE)
        .with_leader_epoch(NO_EPOCH);
    let refuse = |error: ResponseError| response.clone().with_error_code(error.code());
    let Some(partition) = partition else {
        return refuse(ResponseError::UnknownTopicOrPartition);
    };
    if asked.current_leader_epoch > 0 {
        return refuse(ResponseError::UnknownLeaderEpoch);
    }
    if asked.timestamp < MAX_TIMESTAMP {
        return refuse(ResponseError::UnsupportedVersion);
    }
    match find(partition, asked.timestamp) {
        Ok(None) => response,
        Ok(Some(found)) => response
            .with_offset(found.offset)
            .with_timestamp(found.timestamp)
            .with_leader_epoch(leader_epoch),
        Err(error) => {
            tracing::error!(partition = asked.partition_index, %error, "cannot read the log");
            refuse(ResponseError::KafkaStorageError)
        }
    }
}

fn find(partition: &PartitionLog, timestamp: i64) -> io::Result<Option<TimedOffset>> {
    let bound = |offset| {
        Ok(Some(TimedOffset {
            offset,
            timestamp: NONE,
        }))
    };
    match timestamp {
        LATEST => bound(partition.high_watermark()),
        EARLIEST => bound(partition.log_start_offset()),
        MAX_TIMESTAMP => partition.latest_timestamp(),
        timestamp => partition.first_since(timestamp),
    }
}
