//! Produce: appends one record batch to each partition named.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use crate::Broker;
use crate::clock::now_ms;
use crate::log::batch::{BatchError, BatchHeader};
use crate::log::{AppendError, Appended, ProducerError};
use crate::refusal::Refusal;
use crate::topics::Topic;

const ZSTD: i16 = 4;
const FIRST_VERSION_WITH_ZSTD: i16 = 7;

pub(crate) fn handle(
    broker: &Broker,
    request: ProduceRequest,
    api_version: i16,
) -> ProduceResponse {
    let refused = refuse_whole(&request);
    let responses = request.topic_data.into_iter().map(|data| {
        let topic = broker.topics.get(&data.name);
        let partitions = data.partition_data.into_iter().map(|partition| {
            let outcome = match &refused {
                Some(refusal) => Err(refusal.clone()),
                None => append(
                    broker,
                    topic.as_deref(),
                    partition.index,
                    partition.records,
                    api_version,
                ),
            };
            answer(partition.index, outcome)
        });
        TopicProduceResponse::default()
            .with_partition_responses(partitions.collect())
            .with_name(data.name)
    });
    ProduceResponse::default().with_responses(responses.collect())
}

/// Whether any partition was refused: a client that wants no answer learns it by losing its connection.
pub(crate) fn has_error(response: &ProduceResponse) -> bool {
    response
        .responses
        .iter()
        .flat_map(|topic| &topic.partition_responses)
        .any(|partition| partition.error_code != 0)
}

fn refuse_whole(request: &ProduceRequest) -> Option<Refusal> {
    if request.transactional_id.is_some() {
        return Some(Refusal::new(
            ResponseError::TransactionalIdAuthorizationFailed,
            "This broker has no transactions.",
        ));
    }
    if !(-1..=1).contains(&request.acks) {
        return Some(Refusal::new(
            ResponseError::InvalidRequiredAcks,
            "acks must be -1, 0 or 1.",
        ));
    }
    None
}

fn append(
    broker: &Broker,
    topic: Option<&Topic>,
    index: i32,
    records: Option<Bytes>,
    api_version: i16,
) -> Result<Appended, Refusal> {
    let unknown = || {
        Refusal::new(
            ResponseError::UnknownTopicOrPartition,
            "There is no such partition.",
        )
    };
    let topic = topic.ok_or_else(unknown)?;
    let partition = topic.partition(index).ok_or_else(unknown)?;
    let batch = records.unwrap_or_default();
    let header = validate(&batch, topic.settings.max_message_bytes, api_version)?;
    let appended = partition
        .append(&batch, header, topic.settings.append, now_ms())
        .map_err(refuse_append)?;
    if !appended.duplicate {
        broker
            .meters
            .records_in
            .increment(header.record_count as u64);
        broker.meters.bytes_in.increment(batch.len() as u64);
    }
    Ok(appended)
}

/// What a broker checks of a batch it does not unpack. Records inside are the business of whoever reads them.
fn validate(batch: &[u8], max_bytes: usize, api_version: i16) -> Result<BatchHeader, Refusal> {
    let invalid = |message: &str| Refusal::new(ResponseError::InvalidRecord, message);
    if batch.is_empty() {
        return Err(invalid(
            "A produce request must have exactly one record batch per partition.",
        ));
    }
    if batch.len() > max_bytes {
        let message = format!(
            "The record batch size is {} bytes which exceeds the maximum configured value of {max_bytes}.",
            batch.len()
        );
        return Err(Refusal::new(ResponseError::MessageTooLarge, message));
    }
    let header = BatchHeader::parse_checked(batch).map_err(|error| match error {
        BatchError::Magic(_) => invalid("Only record batches with magic version 2 are allowed."),
        error => Refusal::new(ResponseError::CorruptMessage, error.to_string()),
    })?;
    if header.size_bytes != batch.len() {
        return Err(invalid(
            "A produce request must have exactly one record batch per partition.",
        ));
    }
    if header.record_count < 1 || header.record_count - 1 != header.last_offset_delta {
        return Err(invalid(
            "The record count does not match the batch's offsets.",
        ));
    }
    if header.is_control() {
        return Err(invalid("Clients may not write control records."));
    }
    if header.is_transactional() {
        let message = "This broker has no transactions.";
        return Err(Refusal::new(ResponseError::InvalidTxnState, message));
    }
    if header.is_idempotent() && (header.base_sequence < 0 || header.producer_epoch < 0) {
        return Err(invalid(
            "The sequence or epoch of an idempotent producer is negative.",
        ));
    }
    let too_new_for_client = header.compression() == ZSTD && api_version < FIRST_VERSION_WITH_ZSTD;
    if header.compression() > ZSTD || too_new_for_client {
        let message = "The compression type is not supported by this version of the request.";
        return Err(Refusal::new(
            ResponseError::UnsupportedCompressionType,
            message,
        ));
    }
    Ok(header)
}

fn refuse_append(error: AppendError) -> Refusal {
    let code = match error {
        AppendError::Producer(ProducerError::OutOfOrder) => ResponseError::OutOfOrderSequenceNumber,
        AppendError::Producer(ProducerError::StaleEpoch) => ResponseError::InvalidProducerEpoch,
        AppendError::Deleted => ResponseError::UnknownTopicOrPartition,
        AppendError::Storage => ResponseError::KafkaStorageError,
        AppendError::Shutdown => ResponseError::NotLeaderOrFollower,
    };
    Refusal::new(code, error.to_string())
}

fn answer(index: i32, outcome: Result<Appended, Refusal>) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match outcome {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.log_append_time.unwrap_or(-1))
            .with_log_start_offset(appended.log_start_offset),
        Err(refusal) => {
            tracing::debug!(partition = index, error = ?refusal.error, "refuse a batch");
            response
                .with_base_offset(-1)
                .with_log_append_time_ms(-1)
                .with_log_start_offset(-1)
                .with_error_code(refusal.code())
                .with_error_message(refusal.sentence())
        }
    }
}
