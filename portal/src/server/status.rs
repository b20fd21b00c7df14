//! `GET /api/status` and `/api/status/{id}`: the consumer's answers.

use std::time::Duration;

use axum::response::Response;
use contract::{
    MessageId,
    status::{MessageLife, StatusSummary},
};
use serde::Deserialize;
use service::{
    ApiResult,
    extract::{Path, Query},
};

use super::{
    Portal,
    upstream::{ANSWER_TIMEOUT, Peer, relay},
};

/// The longest wait that is passed on, below the time limit of a response.
const WAIT_MAX_S: u64 = 20;

/// The whole stream in numbers.
#[utoipa::path(get, path = "/api/status", tag = "portal", responses((status = 200, body = StatusSummary)))]
pub(crate) async fn summary(portal: Portal) -> ApiResult<Response> {
    let request = portal
        .upstream
        .get(portal.upstream.url(Peer::Consumer, &["status"]));
    let response = portal
        .upstream
        .send(Peer::Consumer, request, ANSWER_TIMEOUT)
        .await?;
    Ok(relay(response))
}

#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct Wait {
    /// Seconds to wait for the message to be done
    #[serde(default)]
    wait: u64,
}

/// The life of one message so far.
#[utoipa::path(get, path = "/api/status/{id}", tag = "portal", params(("id" = String, Path), Wait), responses(
    (status = 200, body = MessageLife),
    (status = 404, description = "The consumer has not seen it", body = contract::Problem),
))]
pub(crate) async fn life(
    portal: Portal,
    Path(id): Path<MessageId>,
    Query(Wait { wait }): Query<Wait>,
) -> ApiResult<Response> {
    let wait = Duration::from_secs(wait.min(WAIT_MAX_S));
    let request = portal.upstream.life_request(id, wait);
    let response = portal
        .upstream
        .send(Peer::Consumer, request, ANSWER_TIMEOUT + wait)
        .await?;
    Ok(relay(response))
}
