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
use contract::{Problem, Receipt, topic};
use service::{ApiProblem, ApiResult, Audit};

use crate::{
    teach::{Taken, Teacher, trace_of},
    text,
};

/// Teaches a statement: the body, unchanged, becomes a message on `seer-statement`. It is known once it is *indexed*, which
/// the status tells.
#[utoipa::path(post, path = "/accept", tag = "teach", request_body = String,
    params(("traceparent" = Option<String>, Header, description = "W3C Trace Context; the message continues the trace")),
    responses(
        (status = 201, description = "The statement is in the log", body = Receipt),
        (status = 400, description = "There is no statement", body = Problem),
        (status = 413, description = "The statement is too large", body = Problem),
        (status = 422, description = "The statement is not text", body = Problem),
        (status = 503, description = "Kafka is away or too slow; try again after the time in `Retry-After`", body = Problem),
    ))]
pub(crate) async fn accept(
    State(teacher): State<Arc<Teacher>>,
    audit: Audit,
    request: Request,
) -> ApiResult<Response> {
    audit.topic(topic::SEER_STATEMENT);
    let trace = trace_of(request.headers());
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let content_type = content_type.as_ref().map(|value| value.as_bytes());
    let statement = read_body(&teacher, request).await?;
    if statement.trim_ascii().is_empty() {
        return Err(ApiProblem::bad_request(
            "empty-body",
            "There is no statement",
            "Send the statement as the body of the request, for example with curl --data-binary.",
        ));
    }
    if let Err(reason) = text::of_value(Some(&statement), content_type, None) {
        return Err(ApiProblem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-text",
            "The statement cannot be learned",
            format!("It is {reason}. Send text, JSON or HTML."),
        ));
    }
    let taken = Taken::now(trace);
    let message = taken.message(None, &statement, content_type);
    let ack = teacher.publisher.publish(&message).await;
    let ack = ack.map_err(|error| teacher.problem(error))?;
    teacher.taught.increment(1);
    let receipt = teacher.receipt(&taken, ack);
    let location = [(header::LOCATION, receipt.status.clone())];
    Ok((StatusCode::CREATED, location, Json(receipt)).into_response())
}

async fn read_body(teacher: &Teacher, request: Request) -> ApiResult<Bytes> {
    let body = Bytes::from_request(request, &()).await;
    body.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiProblem::too_large(teacher.config.statement_bytes_max)
        }
        other => other.into(),
    })
}
