//! `GET /api/consume`: the consumer's live records.

use axum::{extract::RawQuery, http::HeaderMap, response::Response};
use futures::StreamExt;
use service::ApiResult;

use super::{
    Portal, sse,
    upstream::{ANSWER_TIMEOUT, Peer},
};

/// Follows the records of topics as server-sent events named `streamer`; parameters as at the consumer's `/consume`.
#[utoipa::path(get, path = "/api/consume", tag = "portal",
    params(("topics" = String, Query, description = "Names, separated by commas")),
    responses((status = 200, description = "One event a record", content_type = "text/event-stream")))]
pub(crate) async fn get(
    portal: Portal,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let mut url = portal.upstream.url(Peer::Consumer, &["consume"]);
    url.set_query(query.as_deref());
    let mut request = portal.upstream.get(url);
    if let Some(last) = headers.get(sse::LAST_EVENT_ID) {
        request = request.header(sse::LAST_EVENT_ID, last);
    }
    let response = portal
        .upstream
        .send(Peer::Consumer, request, ANSWER_TIMEOUT)
        .await?;
    if !response.status().is_success() {
        return Ok(super::upstream::relay(response));
    }
    // Without the stop token an open tab would hold up the shutdown.
    let records = response
        .bytes_stream()
        .take_until(portal.stop.clone().cancelled_owned());
    Ok(sse::respond(records))
}
