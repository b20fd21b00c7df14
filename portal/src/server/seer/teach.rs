//! `POST /api/seer/accept`: a statement for the seer to learn.

use axum::{http::header, response::Response};
use bytes::Bytes;
use contract::{Problem, Receipt};
use service::{ApiProblem, ApiResult, extract::Body};

use super::super::{
    Portal,
    upstream::{PRODUCE_TIMEOUT, Peer, relay},
};

/// Teaches the seer a statement; answers once it is in the log.
#[utoipa::path(post, path = "/api/seer/accept", tag = "seer",
    request_body(content = String, description = "The statement", content_type = "text/plain"),
    responses(
        (status = "2XX", description = "The statement is in the log", body = Receipt),
        (status = "default", description = "It is not, and why", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn post(portal: Portal, Body(body): Body) -> ApiResult<Response> {
    Ok(relay(send(&portal, body).await?))
}

pub(super) async fn teach(portal: &Portal, statement: String) -> ApiResult<Receipt> {
    if statement.trim().is_empty() {
        return Err(ApiProblem::bad_request(
            "empty-statement",
            "There is nothing to learn",
            "Write a statement, then press Teach.",
        ));
    }
    let response = send(portal, statement.into()).await?;
    portal.upstream.parse(Peer::Seer, response).await
}

async fn send(portal: &Portal, statement: Bytes) -> ApiResult<reqwest::Response> {
    let request = portal
        .upstream
        .post(portal.upstream.url(Peer::Seer, &["accept"]))
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(statement);
    portal
        .upstream
        .send(Peer::Seer, request, PRODUCE_TIMEOUT)
        .await
}
