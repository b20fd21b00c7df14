//! `POST /api/seer/load`: files for the seer to learn.
//!
//! Files pass through piece by piece, however large they are: nothing here holds a whole one, and the seer's own limits count.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
    response::Response,
};
use contract::{Problem, seer::LoadedFile};
use futures::TryStreamExt;
use service::{ApiProblem, ApiResult};

use super::super::{
    Portal,
    upstream::{Peer, relay},
};

/// For the head of the answer, which may come after the last byte of a large file.
pub(crate) const LOAD_TIMEOUT: Duration = Duration::from_secs(600);
/// A page that shows the outcome waits for all of it; more than this is no outcome of a form's files.
const OUTCOME_BYTES_MAX: usize = 1024 * 1024;

/// Loads files; one line of JSON for each as it is done.
#[utoipa::path(post, path = "/api/seer/load", tag = "seer",
    request_body(content = String, description = "The files, as a form sends them", content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "One line a file", body = LoadedFile, content_type = "application/x-ndjson"),
        (status = "default", description = "Why none was loaded", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn post(portal: Portal, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    Ok(relay(send(&portal, &headers, body).await?))
}

/// Loads the files of a form and waits until each is in the log, or why it is not.
pub(super) async fn load(
    portal: &Portal,
    headers: &HeaderMap,
    body: Body,
) -> ApiResult<Vec<LoadedFile>> {
    let response = send(portal, headers, body).await?;
    if !response.status().is_success() {
        return portal.upstream.parse(Peer::Seer, response).await;
    }
    let lines = response
        .bytes_stream()
        .try_fold(Vec::new(), async |mut lines, piece| {
            if lines.len() < OUTCOME_BYTES_MAX {
                lines.extend_from_slice(&piece);
            }
            Ok(lines)
        });
    let lines = lines.await.map_err(|error| {
        tracing::debug!(%error, "the seer broke off while it loaded");
        ApiProblem::unavailable(
            "seer-broken-off",
            "The seer broke off",
            "It ended the connection before all files were loaded; its log says why. Load those that are missing again.",
        )
    })?;
    let files = lines.split(|&byte| byte == b'\n');
    Ok(LoadedFile::latest(
        files.filter_map(|line| serde_json::from_slice(line).ok()),
    ))
}

async fn send(portal: &Portal, headers: &HeaderMap, body: Body) -> ApiResult<reqwest::Response> {
    let mut request = portal
        .upstream
        .post(portal.upstream.url(Peer::Seer, &["load"]));
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    portal
        .upstream
        .send(Peer::Seer, request.body(body), LOAD_TIMEOUT)
        .await
}
