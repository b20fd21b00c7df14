//! DescribeLogDirs: how many bytes each partition has on disk.

use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::Broker;
use crate::topics::Topic;

pub(crate) fn handle(broker: &Broker, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    let topics = match request.topics {
        None => broker
            .topics
            .all()
            .iter()
            .map(|topic| describe(topic, |_| true))
            .collect(),
        Some(asked) => asked
            .iter()
            .filter_map(|asked| {
                let topic = broker.topics.get(&asked.topic)?;
                Some(describe(&topic, |index| asked.partitions.contains(&index)))
            })
            .collect(),
    };
    let folder = broker.config.data_dir.display().to_string();
    let result = DescribeLogDirsResult::default()
        .with_log_dir(StrBytes::from_string(folder))
        .with_topics(topics);
    DescribeLogDirsResponse::default().with_results(vec![result])
}

fn describe(topic: &Topic, wanted: impl Fn(i32) -> bool) -> DescribeLogDirsTopic {
    let partitions = (0i32..)
        .zip(&topic.partitions)
        .filter(|(index, _)| wanted(*index))
        .map(|(index, partition)| {
            DescribeLogDirsPartition::default()
                .with_partition_index(index)
                .with_partition_size(partition.size_bytes() as i64)
        });
    DescribeLogDirsTopic::default()
        .with_partitions(partitions.collect())
        .with_name(TopicName(topic.name.clone()))
}
