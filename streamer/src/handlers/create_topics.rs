//! CreateTopics.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult,
};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::config_entries;
use crate::refusal::Refusal;
use crate::topics::settings::Overrides;
use crate::{Broker, NODE_ID};

/// Blocks on file IO.
pub(crate) fn handle(broker: &Broker, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let topics = request.topics.into_iter().map(|asked| {
        let outcome = create(broker, &asked, request.validate_only);
        outcome
            .unwrap_or_else(|refusal| {
                CreatableTopicResult::default()
                    .with_error_code(refusal.code())
                    .with_error_message(refusal.sentence())
                    .with_configs(Some(Vec::new()))
                    .with_num_partitions(-1)
                    .with_replication_factor(-1)
            })
            .with_name(asked.name)
    });
    CreateTopicsResponse::default().with_topics(topics.collect())
}

fn create(
    broker: &Broker,
    asked: &CreatableTopic,
    validate_only: bool,
) -> Result<CreatableTopicResult, Refusal> {
    let partitions = count_partitions(broker, asked)?;
    let mut overrides = Overrides::new();
    for config in &asked.configs {
        let value = config.value.as_ref().ok_or_else(|| {
            let message = format!(
                "Null value not supported for topic configs: {}",
                config.name
            );
            Refusal::new(ResponseError::InvalidConfig, message)
        })?;
        overrides.insert(config.name.to_string(), value.to_string());
    }
    let topic = broker
        .topics
        .create(&asked.name, partitions, overrides, validate_only)?;
    let configs = config_entries::of_topic(&topic.overrides, &broker.config)
        .into_iter()
        .map(|entry| {
            CreatableTopicConfigs::default()
                .with_name(StrBytes::from_static_str(entry.name))
                .with_value(Some(StrBytes::from_string(entry.value)))
                .with_config_source(entry.source as i8)
        });
    Ok(CreatableTopicResult::default()
        .with_topic_id(if validate_only { Uuid::nil() } else { topic.id })
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(Some(configs.collect())))
}

fn count_partitions(broker: &Broker, asked: &CreatableTopic) -> Result<i32, Refusal> {
    if asked.assignments.is_empty() {
        if !matches!(asked.replication_factor, -1 | 1) {
            let message = format!(
                "Unable to replicate the partition {} time(s): there is 1 broker.",
                asked.replication_factor
            );
            return Err(Refusal::new(
                ResponseError::InvalidReplicationFactor,
                message,
            ));
        }
        let unsaid = asked.num_partitions == -1;
        return Ok(if unsaid {
            broker.config.default_partitions
        } else {
            asked.num_partitions
        });
    }
    if asked.num_partitions != -1 || asked.replication_factor != -1 {
        let message = "A manual partition assignment was specified together with a number of partitions or replicas.";
        return Err(Refusal::new(ResponseError::InvalidRequest, message));
    }
    let mut indexes: Vec<i32> = asked
        .assignments
        .iter()
        .map(|assigned| assigned.partition_index)
        .collect();
    indexes.sort_unstable();
    let in_sequence = indexes.iter().copied().eq(0..indexes.len() as i32);
    let here = asked
        .assignments
        .iter()
        .all(|assigned| assigned.broker_ids == [NODE_ID]);
    if !in_sequence || !here {
        let message = format!(
            "Partitions must count from 0 and each be assigned to broker {} alone.",
            NODE_ID.0
        );
        return Err(Refusal::new(
            ResponseError::InvalidReplicaAssignment,
            message,
        ));
    }
    Ok(asked.assignments.len() as i32)
}
