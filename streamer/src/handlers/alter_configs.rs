//! IncrementalAlterConfigs and the older AlterConfigs: sets what is configured of topics.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse as ReplacedResource;
use kafka_protocol::messages::incremental_alter_configs_request::AlterableConfig;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse as AlteredResource;
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};

use super::config_entries::TOPIC;
use crate::Broker;
use crate::refusal::{Refusal, code_and_sentence};
use crate::topics::settings::Overrides;

const SET: i8 = 0;
const DELETE: i8 = 1;

/// Changes single settings. Blocks on file IO.
pub(crate) fn handle_incremental(
    broker: &Broker,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let outcome = check_type(resource.resource_type).and_then(|()| {
            broker.topics.configure(
                &resource.resource_name,
                request.validate_only,
                |overrides| {
                    resource
                        .configs
                        .iter()
                        .try_for_each(|config| change(overrides, config))
                },
            )
        });
        let (code, sentence) = code_and_sentence(&outcome);
        AlteredResource::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name)
            .with_error_code(code)
            .with_error_message(sentence)
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}

/// Replaces all settings at once. Blocks on file IO.
pub(crate) fn handle_replacing(
    broker: &Broker,
    request: AlterConfigsRequest,
) -> AlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let outcome = check_type(resource.resource_type).and_then(|()| {
            broker.topics.configure(
                &resource.resource_name,
                request.validate_only,
                |overrides| {
                    overrides.clear();
                    resource.configs.iter().try_for_each(|config| {
                        let value = config
                            .value
                            .as_ref()
                            .ok_or_else(|| no_value(&config.name))?;
                        overrides.insert(config.name.to_string(), value.to_string());
                        Ok(())
                    })
                },
            )
        });
        let (code, sentence) = code_and_sentence(&outcome);
        ReplacedResource::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name)
            .with_error_code(code)
            .with_error_message(sentence)
    });
    AlterConfigsResponse::default().with_responses(responses.collect())
}

fn check_type(resource_type: i8) -> Result<(), Refusal> {
    if resource_type == TOPIC {
        return Ok(());
    }
    let message = "Only topics can be configured while the broker runs.";
    Err(Refusal::new(ResponseError::InvalidRequest, message))
}

fn change(overrides: &mut Overrides, config: &AlterableConfig) -> Result<(), Refusal> {
    match (config.config_operation, &config.value) {
        (SET, Some(value)) => {
            overrides.insert(config.name.to_string(), value.to_string());
            Ok(())
        }
        (SET, None) => Err(no_value(&config.name)),
        (DELETE, _) => {
            overrides.remove(config.name.as_str());
            Ok(())
        }
        _ => Err(Refusal::new(
            ResponseError::InvalidConfig,
            "No list setting of this broker can be appended to or subtracted from.",
        )),
    }
}

fn no_value(name: &str) -> Refusal {
    Refusal::new(
        ResponseError::InvalidRequest,
        format!("Null value not supported for {name}"),
    )
}
