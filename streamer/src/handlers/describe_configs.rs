//! DescribeConfigs: of topics and of the broker.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::config_entries::{self, BROKER, ConfigEntry, Source, TOPIC};
use crate::refusal::Refusal;
use crate::{Broker, NODE_ID};

pub(crate) fn handle(broker: &Broker, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let results = request.resources.iter().map(|resource| {
        let result = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match entries(broker, resource) {
            Ok(entries) => result.with_configs(
                entries
                    .into_iter()
                    .filter(|entry| is_asked(resource, entry))
                    .map(|entry| describe(entry, &request))
                    .collect(),
            ),
            Err(refusal) => result
                .with_error_code(refusal.code())
                .with_error_message(refusal.sentence()),
        }
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn entries(
    broker: &Broker,
    resource: &DescribeConfigsResource,
) -> Result<Vec<ConfigEntry>, Refusal> {
    let name = resource.resource_name.as_str();
    match resource.resource_type {
        TOPIC => match broker.topics.get(name) {
            Some(topic) => Ok(config_entries::of_topic(&topic.overrides, &broker.config)),
            None => {
                let message = format!("There is no topic {name}.");
                Err(Refusal::new(
                    ResponseError::UnknownTopicOrPartition,
                    message,
                ))
            }
        },
        // The empty name asks for the default of all brokers, of which there is none set.
        BROKER if name.is_empty() => Ok(Vec::new()),
        BROKER if name == NODE_ID.0.to_string() => {
            let listener = format!("{}:{}", broker.advertised_host, broker.advertised_port);
            Ok(config_entries::of_broker(&broker.config, &listener))
        }
        BROKER => Err(Refusal::new(
            ResponseError::InvalidRequest,
            format!(
                "Unexpected broker id, expected {} but received {name}",
                NODE_ID.0
            ),
        )),
        other => Err(Refusal::new(
            ResponseError::InvalidRequest,
            format!("This broker has no configuration for resources of type {other}."),
        )),
    }
}

fn is_asked(resource: &DescribeConfigsResource, entry: &ConfigEntry) -> bool {
    resource
        .configuration_keys
        .as_ref()
        .is_none_or(|keys| keys.iter().any(|key| key.as_str() == entry.name))
}

fn describe(entry: ConfigEntry, request: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let synonym = |value: &str, source: Source| {
        DescribeConfigsSynonym::default()
            .with_name(StrBytes::from_static_str(entry.name))
            .with_value(Some(StrBytes::from_string(value.to_owned())))
            .with_source(source as i8)
    };
    let synonyms = match (request.include_synonyms, entry.source) {
        (false, _) => Vec::new(),
        (true, Source::Topic) => {
            vec![
                synonym(&entry.value, Source::Topic),
                synonym(&entry.default, Source::Default),
            ]
        }
        (true, source) => vec![synonym(&entry.value, source)],
    };
    let documentation = request.include_documentation.then_some(entry.documentation);
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(entry.name))
        .with_value(Some(StrBytes::from_string(entry.value)))
        .with_read_only(entry.read_only)
        .with_config_source(entry.source as i8)
        .with_synonyms(synonyms)
        .with_config_type(entry.kind as i8)
        .with_documentation(documentation.map(StrBytes::from_static_str))
}
