use std::time::Duration;

use axum::{
    extract::rejection::{
        BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection,
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::Problem;

pub type ApiResult<T> = Result<T, ApiProblem>;

/// An error on its way to the caller, as `application/problem+json`. The one place where errors become HTTP.
#[derive(Clone, Debug)]
pub struct ApiProblem {
    pub problem: Problem,
    pub retry_after: Option<Duration>,
}

impl ApiProblem {
    /// `kind` is a stable name in lower-case words with hyphens; `detail` says what to do.
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            problem: Problem::new(status.as_u16(), kind, title, detail),
            retry_after: None,
        }
    }

    pub fn bad_request(kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, title, detail)
    }

    pub fn not_found(kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, title, detail)
    }

    /// 413: `limit_bytes` is what would have been taken.
    pub fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("At most {limit_bytes} bytes are taken: send less at once."),
        )
    }

    /// 503 with `Retry-After`: something this service needs is away for now.
    pub fn unavailable(kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, title, detail)
        }
    }

    /// 500. The cause goes to the log, never to the caller.
    pub fn internal(cause: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{cause:#}"), "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong inside",
            "The service's log says what. Try again; if it stays, report it.",
        )
    }
}

/// The kind of the problem that a response tells, for those who only see the response.
#[derive(Clone, Debug)]
pub(crate) struct ProblemKind(pub(crate) String);

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let media_type = HeaderValue::from_static(Problem::MEDIA_TYPE);
        let mut response = (status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        if let Some(delay) = self.retry_after {
            let seconds = HeaderValue::from(delay.as_secs_f64().ceil().max(1.0) as u64);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
            .extensions_mut()
            .insert(ProblemKind(self.problem.kind));
        response
    }
}

impl From<anyhow::Error> for ApiProblem {
    fn from(cause: anyhow::Error) -> Self {
        Self::internal(&cause)
    }
}

macro_rules! from_rejection {
    ($($rejection:ty, $kind:literal, $title:literal;)*) => {$(
        impl From<$rejection> for ApiProblem {
            fn from(rejection: $rejection) -> Self {
                Self::new(rejection.status(), $kind, $title, rejection.body_text())
            }
        }
    )*};
}

from_rejection! {
    BytesRejection, "unreadable-body", "The body cannot be read";
    FormRejection, "invalid-form", "The form is not valid";
    JsonRejection, "invalid-json", "The JSON body is not valid";
    PathRejection, "invalid-path", "The path is not valid";
    QueryRejection, "invalid-query", "The query string is not valid";
}
