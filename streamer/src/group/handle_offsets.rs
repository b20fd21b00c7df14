use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestPartition;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
};
use tokio::time::Instant;

use super::Coordinator;
use super::coordinator::{Inner, now_ms};
use super::handle_members::error_code;
use super::offsets::{Committed, Entry};
use super::state::State;

impl Coordinator {
    /// Answers after the offsets are in the journal, all of the request in one entry.
    pub fn commit_offsets(
        &self,
        request: OffsetCommitRequest,
        exists: impl Fn(&str, i32) -> bool,
    ) -> OffsetCommitResponse {
        let mut accepted = Vec::new();
        let mut topics = Vec::new();
        let now_ms = now_ms();
        for topic in &request.topics {
            let mut partitions = Vec::new();
            for partition in &topic.partitions {
                let checked =
                    self.check_offset(partition, exists(&topic.name, partition.partition_index));
                if checked.is_ok() {
                    let committed = read_offset(partition, request.retention_time_ms, now_ms);
                    accepted.push((topic.name.to_string(), partition.partition_index, committed));
                }
                partitions.push((partition.partition_index, checked));
            }
            topics.push((topic.name.clone(), partitions));
        }
        let recorded = self.with_inner(|inner| self.record_commit(inner, &request, accepted));
        let answer = |(partition, checked): (i32, Result<(), ResponseError>)| {
            OffsetCommitResponsePartition::default()
                .with_partition_index(partition)
                .with_error_code(error_code(recorded.and(checked)))
        };
        let topics = topics.into_iter().map(|(name, partitions)| {
            OffsetCommitResponseTopic::default()
                .with_name(name)
                .with_partitions(partitions.into_iter().map(answer).collect())
        });
        OffsetCommitResponse::default().with_topics(topics.collect())
    }

    fn check_offset(
        &self,
        partition: &OffsetCommitRequestPartition,
        exists: bool,
    ) -> Result<(), ResponseError> {
        let metadata_bytes = partition
            .committed_metadata
            .as_ref()
            .map_or(0, |metadata| metadata.len());
        if !exists {
            return Err(ResponseError::UnknownTopicOrPartition);
        }
        if metadata_bytes > self.config.offset_max_metadata_bytes {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        Ok(())
    }

    fn record_commit(
        &self,
        inner: &mut Inner,
        request: &OffsetCommitRequest,
        offsets: Vec<(String, i32, Committed)>,
    ) -> Result<(), ResponseError> {
        let generation = request.generation_id_or_member_epoch;
        let group_id = request.group_id.as_str();
        // A client that assigns partitions to itself stores offsets in a group nobody ever joined.
        if generation < 0 {
            inner.ensure_group(group_id, self.config.max_groups)?;
        }
        let group = inner
            .groups
            .get_mut(group_id)
            .ok_or(ResponseError::IllegalGeneration)?;
        group.check_commit(
            &request.member_id,
            request.group_instance_id.as_deref(),
            generation,
        )?;
        if let Some(member) = group.members.get_mut(request.member_id.as_str()) {
            member.renew_session(Instant::now());
        }
        if offsets.is_empty() {
            return Ok(());
        }
        inner.record(Entry::Commit {
            group: group_id.to_owned(),
            offsets,
        })
    }

    pub fn delete_offsets(&self, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
        self.with_inner(|inner| match delete_offsets(inner, &request) {
            Ok(response) => response,
            Err(error) => OffsetDeleteResponse::default().with_error_code(error.code()),
        })
    }
}

fn read_offset(
    partition: &OffsetCommitRequestPartition,
    retention_ms: i64,
    now_ms: i64,
) -> Committed {
    Committed {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition
            .committed_metadata
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        committed_at: now_ms,
        expires_at: (retention_ms >= 0).then(|| now_ms.saturating_add(retention_ms)),
    }
}

fn delete_offsets(
    inner: &mut Inner,
    request: &OffsetDeleteRequest,
) -> Result<OffsetDeleteResponse, ResponseError> {
    let group_id = request.group_id.as_str();
    let group = inner
        .groups
        .get(group_id)
        .ok_or(ResponseError::GroupIdNotFound)?;
    if group.state != State::Empty && !group.is_consumer_group() {
        return Err(ResponseError::NonEmptyGroup);
    }
    let mut deleted = Vec::new();
    let mut topics = Vec::new();
    for topic in &request.topics {
        let is_in_use = group.state != State::Empty && group.is_subscribed_to(&topic.name);
        let mut partitions = Vec::new();
        for partition in &topic.partitions {
            let index = partition.partition_index;
            let outcome = match inner.offsets.get(group_id, &topic.name, index) {
                _ if is_in_use => Err(ResponseError::GroupSubscribedToTopic),
                None => Err(ResponseError::UnknownTopicOrPartition),
                Some(_) => Ok(()),
            };
            if outcome.is_ok() {
                deleted.push((topic.name.to_string(), index));
            }
            let answer = OffsetDeleteResponsePartition::default().with_partition_index(index);
            partitions.push(answer.with_error_code(error_code(outcome)));
        }
        topics.push(
            OffsetDeleteResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions),
        );
    }
    if !deleted.is_empty() {
        inner.record(Entry::Forget {
            group: group_id.to_owned(),
            partitions: deleted,
        })?;
    }
    Ok(OffsetDeleteResponse::default().with_topics(topics))
}
