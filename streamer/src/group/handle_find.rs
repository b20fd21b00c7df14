use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator as FoundCoordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use crate::{NODE_ID, RequestContext};

/// From this version on one request asks for several groups.
const FIRST_VERSION_WITH_KEYS: i16 = 4;
const GROUP_KEY_TYPE: i8 = 0;
const TRANSACTION_KEY_TYPE: i8 = 1;

/// Which node coordinates a group: there is but one. Transactions and share groups are not offered.
pub fn find_coordinator(
    request: FindCoordinatorRequest,
    context: &RequestContext,
    host: &str,
    port: u16,
) -> FindCoordinatorResponse {
    let refused = match request.key_type {
        GROUP_KEY_TYPE => None,
        TRANSACTION_KEY_TYPE => Some(ResponseError::TransactionalIdAuthorizationFailed),
        _ => Some(ResponseError::InvalidRequest),
    };
    let error_code = refused.map_or(0, |error| error.code());
    let error_message = refused.map(|error| StrBytes::from_string(error.to_string()));
    let (node_id, host, port) = match refused {
        None => (
            NODE_ID,
            StrBytes::from_string(host.to_owned()),
            i32::from(port),
        ),
        Some(_) => (BrokerId(-1), StrBytes::new(), -1),
    };
    if context.api_version < FIRST_VERSION_WITH_KEYS {
        return FindCoordinatorResponse::default()
            .with_error_code(error_code)
            .with_error_message(error_message)
            .with_node_id(node_id)
            .with_host(host)
            .with_port(port);
    }
    let found = request.coordinator_keys.into_iter().map(|key| {
        FoundCoordinator::default()
            .with_key(key)
            .with_error_code(error_code)
            .with_error_message(error_message.clone())
            .with_node_id(node_id)
            .with_host(host.clone())
            .with_port(port)
    });
    FindCoordinatorResponse::default().with_coordinators(found.collect())
}
