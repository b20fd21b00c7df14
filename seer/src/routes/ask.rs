// utoipa's macros name the query types by paths of their own.
#![allow(unused_qualifications)]

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequest, Request, State},
    http::{HeaderMap, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use contract::{
    Problem, TraceParent,
    seer::{Answer, AskRequest, SearchResults},
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use service::{
    ApiProblem, ApiResult, CancellationToken,
    extract::{Body, Json, Query},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    answer::{Answerer, AskEvent},
    answer_log::{self, AnswerLog},
    teach::trace_of,
};

/// How often a quiet stream says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What the handlers share.
#[derive(Clone)]
struct Asked {
    answerer: Arc<Answerer>,
    log: AnswerLog,
    /// Ends all streams.
    stop: CancellationToken,
}

/// The parameters of a question whose body is text, or that has none.
#[derive(Debug, Default, Deserialize, IntoParams)]
struct AskQuery {
    /// The question
    #[serde(default)]
    q: String,
    /// Only messages of these topics, separated by commas
    #[serde(default)]
    topics: String,
    /// Only messages from this time on: RFC 3339, or milliseconds since 1970
    since: Option<String>,
    /// Only messages before this time, in the same form
    until: Option<String>,
    /// Messages that may be cited, 1 to 100 [default: 5]
    top_k: Option<usize>,
    /// What a follow-up question refers to: the `conversation` of an earlier answer, or any of your own
    conversation: Option<String>,
    /// Answer as server-sent events: `retrieved`, `token`…, `citations`, `done`
    #[serde(default)]
    stream: bool,
}

pub(crate) fn routes(
    answerer: Arc<Answerer>,
    log: AnswerLog,
    stop: CancellationToken,
) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(get_ask, post_ask))
        .with_state(Asked {
            answerer,
            log,
            stop,
        })
}

/// Answers a question from the messages. The answer becomes a record on `seer-answer` too.
///
/// As a stream: `retrieved` (the hits), `token` (a part of the text, a JSON string), `restart` (the text so far does not count,
/// with the reason), `citations`, and `done` with the whole answer, or `problem`.
#[utoipa::path(get, path = "/ask", tag = "answers", params(AskQuery), responses(
    (status = 200, body = Answer),
    (status = 400, description = "A parameter is not valid", body = Problem),
    (status = 413, description = "The question is too long", body = Problem),
    (status = 422, description = "The question is empty", body = Problem),
    (status = 503, description = "Too many questions, or the index is away", body = Problem),
))]
async fn get_ask(
    State(asked): State<Asked>,
    Query(query): Query<AskQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let request = query.with_question(None);
    respond(&asked, request, trace_of(&headers)).await
}

/// The same, with the question as a body of text, or as JSON with all parameters.
#[utoipa::path(post, path = "/ask", tag = "answers", security(("token" = ["viewer"])), params(AskQuery),
    request_body(content((AskRequest = "application/json"), (String = "text/plain"))),
    responses(
        (status = 200, body = Answer),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 413, description = "The question is too long", body = Problem),
        (status = 415, description = "The body is not text", body = Problem),
        (status = 422, description = "The question is empty", body = Problem),
        (status = 503, description = "Too many questions, or the index is away", body = Problem),
    ))]
async fn post_ask(
    State(asked): State<Asked>,
    Query(query): Query<AskQuery>,
    request: Request,
) -> ApiResult<Response> {
    let trace = trace_of(request.headers());
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_matches('"').starts_with("application/json"));
    let request = if is_json {
        let Json(mut request) = Json::<AskRequest>::from_request(request, &()).await?;
        request.stream |= query.stream;
        request
    } else {
        let Body(body) = Body::from_request(request, &()).await?;
        let text = std::str::from_utf8(&body).map_err(|_| not_text())?;
        query.with_question(Some(text))
    };
    respond(&asked, request, trace).await
}

impl AskQuery {
    fn with_question(self, body: Option<&str>) -> AskRequest {
        let body = body.filter(|body| !body.trim().is_empty());
        AskRequest {
            topics: super::search::names(&self.topics),
            question: body.map_or(self.q, str::to_owned),
            since: self.since,
            until: self.until,
            top_k: self.top_k,
            conversation: self.conversation,
            stream: self.stream,
        }
    }
}

async fn respond(asked: &Asked, request: AskRequest, trace: TraceParent) -> ApiResult<Response> {
    let (question, log) = (
        answer_log::Asked::now(&request.question, trace),
        asked.log.clone(),
    );
    if !request.stream {
        let answer = asked.answerer.answer(request).await?;
        log.note(question, answer.clone());
        return Ok(Json(answer).into_response());
    }
    let note = move |event: &ApiResult<AskEvent>| {
        if let Ok(AskEvent::Done(answer)) = event {
            log.note(question.clone(), answer.clone());
        }
    };
    let events = asked
        .answerer
        .stream(request)?
        .inspect(note)
        .map(|event| Ok::<_, Infallible>(to_sse(event)))
        .take_until(asked.stop.clone().cancelled_owned());
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

fn to_sse(event: ApiResult<AskEvent>) -> Event {
    match event {
        Ok(AskEvent::Retrieved(hits)) => json("retrieved", &SearchResults { hits }),
        Ok(AskEvent::Token(text)) => json("token", &text),
        Ok(AskEvent::Restart(reason)) => json("restart", &reason),
        Ok(AskEvent::Citations(citations)) => json("citations", &citations),
        Ok(AskEvent::Done(answer)) => json("done", &answer),
        Err(problem) => json("problem", &problem.problem),
    }
}

fn json(name: &str, value: &impl Serialize) -> Event {
    // Our own types always serialise.
    Event::default()
        .event(name)
        .json_data(value)
        .unwrap_or_default()
}

fn not_text() -> ApiProblem {
    ApiProblem::new(
        axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not-text",
        "The question is not text",
        "Send the question as UTF-8 text, or as JSON with content-type application/json.",
    )
}
