//! ApiVersions: what this broker can be asked.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};

use crate::dispatch::SUPPORTED;

pub(crate) fn handle(_request: ApiVersionsRequest) -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_api_keys(SUPPORTED.iter().map(advertise).collect())
}

/// The answer to a version this broker does not know, always in version 0: it names the versions
/// that the client may ask again with.
pub(crate) fn unsupported() -> ApiVersionsResponse {
    ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(SUPPORTED.iter().map(advertise).collect())
}

fn advertise(&(key, first, last): &(ApiKey, i16, i16)) -> ApiVersion {
    // librdkafka takes a broker that lacks version 0 of Produce for one that cannot compress, so
    // Apache Kafka 4 advertises it although it is gone, and so does this broker.
    let first = if key == ApiKey::Produce { 0 } else { first };
    ApiVersion::default()
        .with_api_key(key as i16)
        .with_min_version(first)
        .with_max_version(last)
}
