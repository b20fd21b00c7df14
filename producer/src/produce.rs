//! `POST /produce`, `/produce/{topic}`, `/produce/{topic}/{key}`: one message, its body unchanged.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        FromRequest, Request, State,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::{Message, MessageHeaders};
use contract::{Problem, Receipt};
use service::{ApiProblem, ApiResult};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    failure,
    receipt::{Accepted, continue_trace, new_id},
    target::Target,
};

pub(crate) fn routes(app: Arc<App>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(produce))
        .routes(routes!(produce_to_topic))
        .routes(routes!(produce_with_key))
        .with_state(app)
}

/// Writes the body to the topic `stream`.
#[utoipa::path(post, path = "/produce", tag = "produce", request_body = Vec<u8>, responses(
    (status = 201, description = "The message is in the log", body = Receipt),
    (status = 400, description = "No body", body = Problem),
    (status = 413, description = "The body is too large", body = Problem),
    (status = 503, description = "Kafka is away or too slow", body = Problem),
))]
async fn produce(State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    accept(&app, request).await
}

/// Writes the body to a topic.
#[utoipa::path(post, path = "/produce/{topic}", tag = "produce", request_body = Vec<u8>,
    params(("topic" = String, Path)),
    responses(
    (status = 201, description = "The message is in the log", body = Receipt),
))]
async fn produce_to_topic(State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    accept(&app, request).await
}

/// Writes the body to a topic, with a key.
#[utoipa::path(post, path = "/produce/{topic}/{key}", tag = "produce", request_body = Vec<u8>,
    params(("topic" = String, Path), ("key" = String, Path)),
    responses(
    (status = 201, description = "The message is in the log", body = Receipt),
))]
async fn produce_with_key(State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    accept(&app, request).await
}

async fn accept(app: &App, request: Request) -> ApiResult<Response> {
    let target = Target::of_path(request.uri().path())?;
    let accepted = Accepted::now(new_id(), continue_trace(request.headers()));
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let value = read_body(app, request).await?;
    let message = Message {
        topic: &target.topic,
        key: target.key.as_deref(),
        value: &value,
        headers: MessageHeaders {
            id: accepted.id,
            accepted_at: accepted.at,
            trace: accepted.trace,
            content_type: content_type.as_ref().map(|value| value.as_bytes()),
        },
    };
    let ack = app.publisher.publish(&message).await.map_err(|error| {
        app.counters.errors.increment(1);
        failure::problem(error, app.config.body_limit)
    })?;
    app.counters.acked(1, value.len() as u64);
    let receipt = accepted.receipt(app, &target.topic, ack);
    let location = [(header::LOCATION, receipt.status.clone())];
    Ok((StatusCode::CREATED, location, Json(receipt)).into_response())
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
