use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};
use kafka_protocol::protocol::StrBytes;

use super::Coordinator;
use super::offsets::{Committed, GroupOffsets};
use crate::RequestContext;

/// From this version on one request asks for several groups.
const FIRST_VERSION_WITH_GROUPS: i16 = 8;
const NO_OFFSET: i64 = -1;

impl Coordinator {
    /// How far groups have read: -1 for a partition that nothing was committed for.
    pub fn fetch_offsets(
        &self,
        request: OffsetFetchRequest,
        context: &RequestContext,
    ) -> OffsetFetchResponse {
        if context.api_version >= FIRST_VERSION_WITH_GROUPS {
            let groups = request
                .groups
                .into_iter()
                .map(|group| self.fetch_group(group));
            return OffsetFetchResponse::default().with_groups(groups.collect());
        }
        let group = self.fetch_group(as_group(request));
        OffsetFetchResponse::default()
            .with_topics(group.topics.into_iter().map(as_older_topic).collect())
    }

    fn fetch_group(&self, request: OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
        self.with_inner(|inner| {
            let nothing = GroupOffsets::new();
            let committed = inner
                .offsets
                .of_group(&request.group_id)
                .unwrap_or(&nothing);
            let topics = match &request.topics {
                None => committed
                    .keys()
                    .map(|name| everything_of(committed, name))
                    .collect(),
                Some(topics) => topics
                    .iter()
                    .map(|topic| wanted_of(committed, topic))
                    .collect(),
            };
            OffsetFetchResponseGroup::default()
                .with_group_id(request.group_id.clone())
                .with_topics(topics)
        })
    }
}

fn everything_of(committed: &GroupOffsets, name: &str) -> OffsetFetchResponseTopics {
    let offsets = committed.get(name).into_iter().flatten();
    let partitions = offsets.map(|(partition, committed)| answer(*partition, Some(committed)));
    OffsetFetchResponseTopics::default()
        .with_name(StrBytes::from_string(name.to_owned()).into())
        .with_partitions(partitions.collect())
}

fn wanted_of(
    committed: &GroupOffsets,
    topic: &OffsetFetchRequestTopics,
) -> OffsetFetchResponseTopics {
    let offsets = committed.get(topic.name.as_str());
    let find = |partition: &i32| offsets.and_then(|offsets| offsets.get(partition));
    let partitions = topic
        .partition_indexes
        .iter()
        .map(|partition| answer(*partition, find(partition)));
    OffsetFetchResponseTopics::default()
        .with_name(topic.name.clone())
        .with_partitions(partitions.collect())
}

fn answer(partition: i32, committed: Option<&Committed>) -> OffsetFetchResponsePartitions {
    let answer = OffsetFetchResponsePartitions::default().with_partition_index(partition);
    match committed {
        None => answer.with_committed_offset(NO_OFFSET),
        Some(committed) => answer
            .with_committed_offset(committed.offset)
            .with_committed_leader_epoch(committed.leader_epoch)
            .with_metadata(Some(StrBytes::from_string(committed.metadata.clone()))),
    }
}

/// A request of an older version is one about a single group.
fn as_group(request: OffsetFetchRequest) -> OffsetFetchRequestGroup {
    let topics = request.topics.map(|topics| {
        let topics = topics.into_iter().map(|topic| {
            OffsetFetchRequestTopics::default()
                .with_name(topic.name)
                .with_partition_indexes(topic.partition_indexes)
        });
        topics.collect()
    });
    OffsetFetchRequestGroup::default()
        .with_group_id(request.group_id)
        .with_topics(topics)
}

fn as_older_topic(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let partitions = topic.partitions.into_iter().map(|partition| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(partition.partition_index)
            .with_committed_offset(partition.committed_offset)
            .with_committed_leader_epoch(partition.committed_leader_epoch)
            .with_metadata(partition.metadata)
    });
    OffsetFetchResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(partitions.collect())
}
