//! How the routes are described in the OpenAPI document: they take and answer the same.
#![expect(dead_code, reason = "only the shapes of these types count")]

use contract::{LineOutcome, Problem, Receipt, status::MessageLife};
use utoipa::{IntoParams, IntoResponses};

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct Headers {
    /// Makes another attempt safe: the same key with the same message gives the same receipt
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
    /// `wait=N` waits up to N seconds, 30 at most, until the message is consumed
    #[param(rename = "Prefer", example = "wait=5")]
    prefer: Option<String>,
    /// `name=value`, both percent-encoded: a header that the record is to have. May repeat
    #[param(rename = "Kafkloud-Header", example = "source=shop")]
    kafkloud_header: Option<String>,
    /// W3C Trace Context; the message continues the trace
    traceparent: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NdjsonParams {
    /// For `application/x-ndjson`: the field that holds the key, such as `order.id`
    #[param(rename = "key-field")]
    key_field: Option<String>,
    /// For `application/x-ndjson`: `text` takes lines of any bytes, `json` (the default) checks them
    format: Option<String>,
}

#[derive(IntoResponses)]
pub(crate) enum Answers {
    /// The message is in the log
    #[response(status = 201)]
    Created(Receipt),
    /// `Prefer: wait`: the message is consumed. For `application/x-ndjson`: an outcome per line
    #[response(status = 200)]
    Done(Done),
    /// `Prefer: wait`: the message is in the log, and not consumed in time
    #[response(status = 202)]
    Accepted(Receipt),
    /// The topic name, the key or the body is not valid
    #[response(status = 400)]
    Invalid(Problem),
    /// The body is too large
    #[response(status = 413)]
    TooLarge(Problem),
    /// The Idempotency-Key belongs to another message
    #[response(status = 422)]
    KeyReused(Problem),
    /// Kafka is away or too slow; try again after the time in `Retry-After`
    #[response(status = 503)]
    Unavailable(Problem),
}

#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Done {
    Life(MessageLife),
    Line(LineOutcome),
}
