//! Fetch: finds the records asked for; waits for more when there are too few.
//!
//! Sessions are not kept: every answer has session id 0, after which clients name all their
//! partitions in every request.

use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::FetchPartition;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::fetch_answer::{FetchAnswer, FetchedPartition, FetchedTopic};
use crate::Broker;
use crate::dispatch::RequestContext;
use crate::log::{PartitionLog, ReadError};
use crate::topics::Topic;

const FIRST_VERSION_WITH_TOPIC_IDS: i16 = 13;
/// No client waits longer; without a bound, a dead one would hold its connection for weeks.
const MAX_WAIT: Duration = Duration::from_secs(300);

pub(crate) async fn handle(
    broker: &Broker,
    request: FetchRequest,
    context: &RequestContext,
) -> FetchAnswer {
    if request.session_id != 0 && request.session_epoch > 0 {
        return FetchAnswer::refused(ResponseError::FetchSessionIdNotFound);
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = Instant::now() + wait.min(MAX_WAIT);
    let by_id = context.api_version >= FIRST_VERSION_WITH_TOPIC_IDS;
    let topics = look_up(broker, &request, by_id);
    let min_bytes = u64::try_from(request.min_bytes).unwrap_or_default();
    let appended = Arc::new(Notify::new());
    loop {
        let answer = read(broker, &request, &topics, by_id);
        let enough = answer.records_bytes() >= min_bytes || answer.has_error();
        if enough || Instant::now() >= deadline || context.stop.is_cancelled() {
            broker.meters.bytes_out.increment(answer.records_bytes());
            return answer;
        }
        // Registered before the second look, so an append between look and wait is not missed.
        register(&request, &topics, &appended);
        let again = read(broker, &request, &topics, by_id);
        if again.records_bytes() > answer.records_bytes() || again.has_error() {
            continue;
        }
        tokio::select! {
            () = appended.notified() => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = context.stop.cancelled() => {}
        }
    }
}

fn look_up(broker: &Broker, request: &FetchRequest, by_id: bool) -> Vec<Option<Arc<Topic>>> {
    let find = |topic: &kafka_protocol::messages::fetch_request::FetchTopic| {
        if by_id {
            broker.topics.get_by_id(&topic.topic_id)
        } else {
            broker.topics.get(&topic.topic)
        }
    };
    request.topics.iter().map(find).collect()
}

fn register(request: &FetchRequest, topics: &[Option<Arc<Topic>>], appended: &Arc<Notify>) {
    for (asked, topic) in request.topics.iter().zip(topics) {
        let Some(topic) = topic else { continue };
        let partitions = asked
            .partitions
            .iter()
            .filter_map(|asked| topic.partition(asked.partition));
        partitions.for_each(|partition| partition.wake_on_append(appended));
    }
}

/// What there is right now for each partition, within the request's limits.
fn read(
    broker: &Broker,
    request: &FetchRequest,
    topics: &[Option<Arc<Topic>>],
    by_id: bool,
) -> FetchAnswer {
    let max_bytes = u64::try_from(request.max_bytes).unwrap_or_default();
    let mut left = max_bytes.min(u64::from(broker.config.max_fetch_bytes));
    let mut first = true;
    let unknown = if by_id {
        ResponseError::UnknownTopicId
    } else {
        ResponseError::UnknownTopicOrPartition
    };
    let answered = request.topics.iter().zip(topics).map(|(asked, topic)| {
        let partitions = asked.partitions.iter().map(|asked| {
            let Some(topic) = topic else {
                return FetchedPartition::refused(asked.partition, unknown);
            };
            let Some(partition) = topic.partition(asked.partition) else {
                let error = ResponseError::UnknownTopicOrPartition;
                return FetchedPartition::refused(asked.partition, error);
            };
            let fetched = read_partition(partition, asked, left, first);
            let length = fetched.records.as_ref().map_or(0, |records| records.length);
            left = left.saturating_sub(length);
            first &= length == 0;
            fetched
        });
        FetchedTopic {
            name: asked.topic.0.clone(),
            id: asked.topic_id,
            partitions: partitions.collect(),
        }
    });
    FetchAnswer {
        error: None,
        topics: answered.collect(),
    }
}

fn read_partition(
    partition: &PartitionLog,
    asked: &FetchPartition,
    left: u64,
    first: bool,
) -> FetchedPartition {
    if asked.current_leader_epoch > 0 {
        return FetchedPartition::refused(asked.partition, ResponseError::UnknownLeaderEpoch);
    }
    let max_bytes = u64::try_from(asked.partition_max_bytes)
        .unwrap_or_default()
        .min(left);
    match partition.plan_read(asked.fetch_offset, max_bytes, first) {
        Ok(plan) => FetchedPartition {
            index: asked.partition,
            error: None,
            high_watermark: plan.high_watermark,
            log_start_offset: plan.log_start_offset,
            records: plan.range,
        },
        Err(ReadError::OutOfRange {
            high_watermark,
            log_start_offset,
        }) => FetchedPartition {
            high_watermark,
            log_start_offset,
            ..FetchedPartition::refused(asked.partition, ResponseError::OffsetOutOfRange)
        },
        Err(ReadError::Storage(error)) => {
            tracing::error!(partition = asked.partition, %error, "cannot read the log");
            FetchedPartition::refused(asked.partition, ResponseError::KafkaStorageError)
        }
    }
}
