//! Metadata: which topics there are and where; may create those that are asked for.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::log::LEADER_EPOCH;
use crate::refusal::Refusal;
use crate::topics::settings::Overrides;
use crate::topics::{Topic, name};
use crate::{Broker, NODE_ID};

/// Blocks on file IO when it creates a topic.
pub(crate) fn handle(
    broker: &Broker,
    request: MetadataRequest,
    api_version: i16,
) -> MetadataResponse {
    // In version 0 an empty list asks for all topics, later null does and empty asks for none.
    let asked = request
        .topics
        .filter(|topics| api_version > 0 || !topics.is_empty());
    let may_create = request.allow_auto_topic_creation && broker.config.auto_create_topics;
    let topics = match asked {
        None => broker
            .topics
            .all()
            .iter()
            .map(|topic| describe(topic))
            .collect(),
        Some(asked) => asked
            .into_iter()
            .map(|asked| find(broker, asked, may_create))
            .collect(),
    };
    MetadataResponse::default()
        .with_brokers(vec![this_node(broker)])
        .with_cluster_id(Some(broker.cluster_id.clone()))
        .with_controller_id(NODE_ID)
        .with_topics(topics)
}

fn this_node(broker: &Broker) -> MetadataResponseBroker {
    MetadataResponseBroker::default()
        .with_node_id(NODE_ID)
        .with_host(StrBytes::from_string(broker.advertised_host.clone()))
        .with_port(i32::from(broker.advertised_port))
}

fn find(broker: &Broker, asked: MetadataRequestTopic, may_create: bool) -> MetadataResponseTopic {
    let Some(name) = asked.name else {
        return match broker.topics.get_by_id(&asked.topic_id) {
            Some(topic) => describe(&topic),
            None => MetadataResponseTopic::default()
                .with_name(None)
                .with_topic_id(asked.topic_id)
                .with_error_code(ResponseError::UnknownTopicId.code()),
        };
    };
    match find_or_create(broker, &name, may_create) {
        Ok(topic) => describe(&topic),
        Err(refusal) => MetadataResponseTopic::default()
            .with_name(Some(name))
            .with_error_code(refusal.code()),
    }
}

fn find_or_create(broker: &Broker, name: &str, may_create: bool) -> Result<Arc<Topic>, Refusal> {
    if let Some(topic) = broker.topics.get(name) {
        return Ok(topic);
    }
    name::validate(name)?;
    if !may_create {
        let message = "There is no such topic.";
        return Err(Refusal::new(
            ResponseError::UnknownTopicOrPartition,
            message,
        ));
    }
    let created = broker.topics.create(
        name,
        broker.config.default_partitions,
        Overrides::default(),
        false,
    );
    match created {
        // Another client was faster.
        Err(refusal) if refusal.error == ResponseError::TopicAlreadyExists => {
            broker.topics.get(name).ok_or(refusal)
        }
        created => created,
    }
}

fn describe(topic: &Topic) -> MetadataResponseTopic {
    let partitions = (0..topic.partitions.len()).map(|index| {
        MetadataResponsePartition::default()
            .with_partition_index(index as i32)
            .with_leader_id(NODE_ID)
            .with_leader_epoch(LEADER_EPOCH)
            .with_replica_nodes(vec![NODE_ID])
            .with_isr_nodes(vec![NODE_ID])
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(topic.name.clone())))
        .with_topic_id(topic.id)
        .with_is_internal(name::is_internal(&topic.name))
        .with_partitions(partitions.collect())
}
