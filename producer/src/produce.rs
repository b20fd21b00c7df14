//! `POST /produce`, `/produce/{topic}`, `/produce/{topic}/{key}`: one message, its body unchanged.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        FromRequest, Request, State,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::{Message, MessageHeaders};
use contract::{MessageId, Receipt, topic};
use service::{ApiProblem, ApiResult, Audit};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    failure, given, idempotency, ndjson,
    openapi::{Answers, Headers, NdjsonParams},
    receipt::{Accepted, continue_trace, new_id},
    target::Target,
    wait,
};

pub(crate) fn routes(app: Arc<App>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(produce))
        .routes(routes!(produce_to_topic))
        .routes(routes!(produce_with_key))
        .with_state(app)
}

/// Writes the body, or each line of an `application/x-ndjson` body, to the topic `stream`.
#[utoipa::path(post, path = "/produce", tag = "produce", request_body = Vec<u8>,
    params(Headers, NdjsonParams), responses(Answers))]
async fn produce(
    State(app): State<Arc<App>>,
    audit: Audit,
    request: Request,
) -> ApiResult<Response> {
    audit.topic(topic::DEFAULT);
    accept(app, request).await
}

/// Writes the body, or each line of an `application/x-ndjson` body, to a topic.
#[utoipa::path(post, path = "/produce/{topic}", tag = "produce", request_body = Vec<u8>,
    params(("topic" = String, Path), Headers, NdjsonParams), responses(Answers))]
async fn produce_to_topic(State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    accept(app, request).await
}

/// Writes the body, or each line of an `application/x-ndjson` body, to a topic, with a key: any bytes, percent-encoded.
#[utoipa::path(post, path = "/produce/{topic}/{key}", tag = "produce", request_body = Vec<u8>,
    params(("topic" = String, Path), ("key" = String, Path), Headers, NdjsonParams), responses(Answers))]
async fn produce_with_key(State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    accept(app, request).await
}

async fn accept(app: Arc<App>, request: Request) -> ApiResult<Response> {
    if ndjson::is_ndjson(request.headers()) {
        return ndjson::produce_lines(app, request);
    }
    let target = Target::of_path(request.uri().path())?;
    let trace = continue_trace(request.headers());
    let wait = wait::preferred(request.headers());
    let idempotency_key = idempotency::key_of(request.headers())?;
    let given = given::headers_of(request.headers())?;
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let value = read_body(&app, request).await?;
    let publish = async |id| {
        let accepted = Accepted::now(id, trace);
        let headers = MessageHeaders {
            id: accepted.id,
            accepted_at: accepted.at,
            trace: accepted.trace,
            content_type: content_type.as_ref().map(HeaderValue::as_bytes),
            others: &given,
        };
        publish(&app, &target, accepted, headers, &value).await
    };
    let receipt = match idempotency_key {
        None => publish(new_id()).await?,
        Some(key) => {
            let fingerprint = idempotency::fingerprint(&target, &given, &value);
            let first = app.recent_keys.first_request(&key, fingerprint)?;
            let id = MessageId::of_idempotency_key(&target.topic, &key);
            let receipt = first.receipt.get_or_try_init(|| publish(id)).await?;
            receipt.clone()
        }
    };
    Ok(match wait {
        None => created(receipt),
        Some(wait) => match wait::until_consumed(&app, &receipt, wait).await {
            Some(life) => Json(life).into_response(),
            None => (StatusCode::ACCEPTED, Json(receipt)).into_response(),
        },
    })
}

async fn publish(
    app: &App,
    target: &Target,
    accepted: Accepted,
    headers: MessageHeaders<'_>,
    value: &[u8],
) -> ApiResult<Receipt> {
    let message = Message {
        topic: &target.topic,
        key: target.key.as_deref().map(Into::into),
        value,
        headers,
    };
    app.counters.bytes.increment(value.len() as u64);
    let ack = app.publisher.publish(&message).await.map_err(|error| {
        app.counters.errors.increment(1);
        failure::problem(error, app.config.body_limit)
    })?;
    app.counters.records.increment(1);
    Ok(accepted.receipt(app, &target.topic, ack))
}

fn created(receipt: Receipt) -> Response {
    let location = [(header::LOCATION, receipt.status.clone())];
    (StatusCode::CREATED, location, Json(receipt)).into_response()
}

async fn read_body(app: &App, request: Request) -> ApiResult<Bytes> {
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                ApiProblem::too_large(app.config.body_limit)
            }
            other => other.into(),
        })?;
    if body.is_empty() {
        return Err(ApiProblem::bad_request(
            "empty-body",
            "The message is empty",
            "Send the message as the body of the request, for example with curl --data-binary.",
        ));
    }
    Ok(body)
}
