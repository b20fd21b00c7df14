//! DeleteRecords: moves the beginning of partitions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::Broker;
use crate::log::PartitionLog;
use crate::refusal::Refusal;

/// Stands for "everything there is".
const HIGH_WATERMARK: i64 = -1;

/// Blocks on file IO.
pub(crate) fn handle(broker: &Broker, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.into_iter().map(|asked| {
        let topic = broker.topics.get(&asked.name);
        let partitions = asked.partitions.iter().map(|asked| {
            let partition = topic
                .as_ref()
                .and_then(|topic| topic.partition(asked.partition_index));
            let outcome = match partition {
                Some(partition) => delete(partition, asked.offset),
                None => Err(ResponseError::UnknownTopicOrPartition),
            };
            DeleteRecordsPartitionResult::default()
                .with_partition_index(asked.partition_index)
                .with_low_watermark(outcome.unwrap_or(-1))
                .with_error_code(outcome.err().map_or(0, |error| error.code()))
        });
        DeleteRecordsTopicResult::default()
            .with_partitions(partitions.collect())
            .with_name(asked.name.clone())
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}

fn delete(partition: &PartitionLog, offset: i64) -> Result<i64, ResponseError> {
    let offset = match offset {
        HIGH_WATERMARK => partition.high_watermark(),
        negative if negative < 0 => return Err(ResponseError::OffsetOutOfRange),
        offset => offset,
    };
    match partition.delete_before(offset) {
        Ok(Some(log_start_offset)) => Ok(log_start_offset),
        Ok(None) => Err(ResponseError::OffsetOutOfRange),
        Err(error) => Err(Refusal::storage(&error).error),
    }
}
