//! `/stream`: what lies in the topics, and what comes.
//!
//! A browser's `EventSource` cannot read the body of a refusal, so whatever goes wrong with the live records comes as an event
//! `problem`, and the stream ends with it.

use std::{convert::Infallible, future::ready};

use axum::{
    body::Body,
    extract::{self, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use contract::{Problem, cluster::TopicView, record::RecordPage};
use futures::{StreamExt, stream};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Query},
};

use super::{
    Portal, shown, sse,
    typed::{names, with_zone},
    upstream::{ANSWER_TIMEOUT, Peer},
};
use crate::stream::{Begun, StreamData, StreamForm};

/// Records of a page that is shown before anything is live.
const RECORDS_MAX: usize = 50;
/// What stands for no limit in the form.
const ALL: &str = "all";
/// Live records shown per second when the form leaves it open: what people can still see passing.
const LIVE_RATE: &str = "200";

/// Where a page or a live stream goes on.
#[derive(Default, Deserialize, utoipa::IntoParams)]
pub(crate) struct GoOn {
    /// The `next` of the page before
    #[serde(default)]
    cursor: String,
    /// The id of the last event seen: goes before `from`
    #[serde(default)]
    after: String,
}

/// The records that lie there, in the order in which they are shown.
#[utoipa::path(get, path = "/api/stream", tag = "stream", params(StreamForm, GoOn), responses(
    (status = 200, description = "The form as it was understood, topics, and a page of records, or why there is none", body = Object),
    (status = "default", description = "The query is none", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    portal: Portal,
    Query(form): Query<StreamForm>,
    Query(go_on): Query<GoOn>,
) -> Json<StreamData> {
    Json(look(&portal, form, &go_on).await)
}

pub(crate) async fn page(portal: &Portal, request: Request) -> Response {
    let form = extract::Query::<StreamForm>::try_from_uri(request.uri());
    let go_on = extract::Query::<GoOn>::try_from_uri(request.uri());
    let data = match (form, go_on) {
        (Ok(extract::Query(form)), Ok(extract::Query(go_on))) => look(portal, form, &go_on).await,
        (Err(rejection), _) | (_, Err(rejection)) => {
            return shown::respond::<StreamData>(portal, request, Err(rejection.into())).await;
        }
    };
    let status = status_of(&data);
    let mut response = shown::respond(portal, request, Ok(data)).await;
    *response.status_mut() = status;
    response
}

/// A page that nobody could fill is no page; one that shows what is wrong with the form is.
fn status_of(data: &StreamData) -> StatusCode {
    let status = data.problem.as_ref().map(|problem| problem.status);
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status
        .filter(StatusCode::is_server_error)
        .unwrap_or(StatusCode::OK)
}

/// The records of the same page as a file: a record in each line.
#[utoipa::path(get, path = "/api/stream/export", tag = "stream", params(StreamForm, GoOn), responses(
    (status = 200, description = "Records, one in each line", content_type = "application/x-ndjson"),
    (status = "default", description = "There are none to be had, and why", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn export(
    portal: Portal,
    Query(form): Query<StreamForm>,
    Query(go_on): Query<GoOn>,
) -> ApiResult<Response> {
    let page = records(&portal, &form, &go_on).await?;
    let lines = page.records.iter();
    let lines: Vec<String> = lines
        .filter_map(|record| serde_json::to_string(record).ok())
        .collect();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"records.ndjson\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut body = lines.join("\n");
    body.push('\n');
    Ok((headers, Body::from(body)).into_response())
}

/// Records as they come: `begin`, then the consumer's events (`streamer`, `progress`, `missed`); or `problem` with what went wrong.
#[utoipa::path(get, path = "/api/stream/tail", tag = "stream", params(StreamForm, GoOn), responses(
    (status = 200, description = "Server-sent events", content_type = "text/event-stream"),
))]
pub(crate) async fn tail(
    portal: Portal,
    Query(form): Query<StreamForm>,
    Query(go_on): Query<GoOn>,
    headers: HeaderMap,
) -> Response {
    match follow(&portal, &form, &go_on, &headers).await {
        Ok(response) => response,
        Err(problem) => {
            let event = sse::event("problem", &problem.problem).unwrap_or_default();
            sse::respond(stream::iter([Ok::<Bytes, Infallible>(event)]))
        }
    }
}

async fn follow(
    portal: &Portal,
    form: &StreamForm,
    go_on: &GoOn,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let mut query = common(form);
    query.extend(position(form)?.map(|from| ("from", from)));
    match form.rate.as_str() {
        ALL => {}
        "" if is_latest(form) => query.push(("rate_max", LIVE_RATE.to_owned())),
        "" => {}
        rate => query.push(("rate_max", rate.to_owned())),
    }
    let url = portal.upstream.url(Peer::Consumer, &["consume"]);
    let mut request = portal.upstream.get(url).query(&query);
    // A browser that lost the stream knows better than the page where it was.
    let last = headers.get(sse::LAST_EVENT_ID);
    if let Some(last) = last {
        request = request.header(sse::LAST_EVENT_ID, last);
    } else if !go_on.after.is_empty() {
        request = request.header(sse::LAST_EVENT_ID, &go_on.after);
    }
    let goes_on = last.is_some() || !go_on.after.is_empty();
    let response = portal
        .upstream
        .send(Peer::Consumer, request, ANSWER_TIMEOUT)
        .await?;
    if !response.status().is_success() {
        return portal
            .upstream
            .parse(Peer::Consumer, response)
            .await
            .and_then(|()| Err(strange()));
    }
    let begun = begin(portal.clone(), form.clone(), goes_on);
    let begun = stream::once(begun).filter_map(|begun| ready(sse::event("begin", &begun).ok()));
    // Without the stop token an open tab would hold up the shutdown.
    let events = begun
        .map(Ok)
        .chain(response.bytes_stream())
        .take_until(portal.stop.clone().cancelled_owned());
    Ok(sse::respond(events))
}

/// Asked for when the consumer has begun to listen, so that no record falls between the old and the live ones.
async fn begin(portal: Portal, form: StreamForm, goes_on: bool) -> Begun {
    if goes_on {
        return Begun::Further;
    }
    if !is_latest(&form) {
        return Begun::Past;
    }
    match records(&portal, &form, &GoOn::default()).await {
        Ok(page) => Begun::Newest(page.records),
        // What is shown stays.
        Err(_) => Begun::Further,
    }
}

pub(super) async fn look(portal: &Portal, form: StreamForm, go_on: &GoOn) -> StreamData {
    let mut data = StreamData::default();
    let found = tokio::join!(topics(portal), records(portal, &form, go_on));
    // The form does without the names.
    data.topics = found.0.unwrap_or_default();
    match found.1 {
        Ok(page) => {
            data.next = page.next;
            data.failed = page.failed;
            data.error = page.error;
            data.records = page.records;
            // What comes last is shown first.
            if !is_latest(&form) {
                data.records.reverse();
            }
        }
        Err(problem) => data.problem = Some(problem.problem),
    }
    data.form = form;
    data
}

/// The names of those of users.
async fn topics(portal: &Portal) -> ApiResult<Vec<String>> {
    let url = portal.upstream.url(Peer::Consumer, &["topics"]);
    let request = portal.upstream.get(url);
    let topics: Vec<TopicView> = portal.upstream.ask_consumer(request).await?;
    let topics = topics.into_iter().filter(|topic| !topic.internal);
    let mut topics: Vec<String> = topics.map(|topic| topic.name).collect();
    topics.sort();
    Ok(topics)
}

async fn records(portal: &Portal, form: &StreamForm, go_on: &GoOn) -> ApiResult<RecordPage> {
    let mut query = common(form);
    if is_latest(form) {
        query.push(("order", "newest".to_owned()));
    } else {
        query.push(("order", "oldest".to_owned()));
        query.extend(position(form)?.map(|from| ("from", from)));
    }
    if !go_on.cursor.is_empty() {
        query.push(("cursor", go_on.cursor.clone()));
    }
    query.push(("limit", RECORDS_MAX.to_string()));
    let url = portal.upstream.url(Peer::Consumer, &["messages"]);
    portal
        .upstream
        .ask_consumer(portal.upstream.get(url).query(&query))
        .await
}

/// What the consumer's routes have in common.
fn common(form: &StreamForm) -> Vec<(&'static str, String)> {
    let fields = [
        ("topics", names(&form.topics).join(",")),
        ("text", form.text.trim().to_owned()),
        ("where", form.expression.trim().to_owned()),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Whether it begins with what comes from now on.
fn is_latest(form: &StreamForm) -> bool {
    matches!(form.from.as_str(), "" | "latest")
}

/// Where to begin; `None` where that is not said and now is meant.
fn position(form: &StreamForm) -> ApiResult<Option<String>> {
    let place = match form.from.as_str() {
        _ if is_latest(form) => return Ok(None),
        "time" => with_zone(form.time.trim().to_owned()),
        "offset" => form.offset.trim().to_owned(),
        word => word.to_owned(),
    };
    if place.is_empty() {
        return Err(ApiProblem::bad_request(
            "invalid-from",
            "It is not said from where",
            "Give the time or the offset to begin with, or choose another place.",
        ));
    }
    Ok(Some(place))
}

fn strange() -> ApiProblem {
    ApiProblem::unavailable(
        "no-stream",
        "The stream did not begin",
        "Try again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(from: &str, time: &str, offset: &str) -> StreamForm {
        StreamForm {
            from: from.to_owned(),
            time: time.to_owned(),
            offset: offset.to_owned(),
            ..StreamForm::default()
        }
    }

    #[test]
    fn a_stream_begins_where_the_form_says() {
        let begin = |from, time, offset| position(&form(from, time, offset)).ok();
        assert_eq!(begin("latest", "", ""), Some(None));
        assert_eq!(
            begin("earliest", "", "7"),
            Some(Some("earliest".to_owned()))
        );
        assert_eq!(begin("offset", "", "7"), Some(Some("7".to_owned())));
        let time = begin("time", "2026-01-31T09:30", "");
        assert_eq!(time, Some(Some("2026-01-31T09:30:00Z".to_owned())));
        assert_eq!(begin("time", "", ""), None);
    }

    #[test]
    fn what_is_empty_is_not_asked_for() {
        let form = StreamForm {
            topics: "orders, returns".to_owned(),
            expression: " .value.order > 7 ".to_owned(),
            ..StreamForm::default()
        };
        let expected = [
            ("topics", "orders,returns".to_owned()),
            ("where", ".value.order > 7".to_owned()),
        ];
        assert_eq!(common(&form), expected);
    }
}
