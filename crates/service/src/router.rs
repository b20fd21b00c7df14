use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::Info;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    Access, ApiProblem,
    access::{self, Rules},
    health::{self, Health},
    linger::linger,
    metrics::{self, RequestTimer},
};

/// What a service takes from a caller.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request body; above it the answer is 413.
    pub body_bytes: usize,
    /// Time until the head of the response; above it the answer is 503. Bodies that stream may go on.
    pub response: Duration,
}

impl Default for Limits {
    /// 1 MiB, as Kafka's default limit for a record batch, and 30 s.
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            response: Duration::from_secs(30),
        }
    }
}

/// Completes a service's own routes with what all services have: `/_health`, `/livez`, `/readyz`, `/metrics`,
/// `/openapi.json`, `/docs`, problems for unknown routes, limits, request metrics, and callers who are asked who they are.
pub fn router(
    service: &'static str,
    api: OpenApiRouter,
    health: Health,
    limits: Limits,
    access: Access,
) -> Router {
    router_with_fallback(service, api, health, limits, access, any(unknown_route))
}

/// The same with something else for unknown routes.
pub fn router_with_fallback(
    service: &'static str,
    api: OpenApiRouter,
    health: Health,
    limits: Limits,
    access: Access,
    fallback: MethodRouter,
) -> Router {
    let operations = OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .with_state(health)
        .routes(routes!(metrics::metrics));
    let (router, mut openapi) = api.merge(operations).split_for_parts();
    openapi.info = Info::new(
        format!("Kafkloud {service}"),
        env!("CARGO_PKG_VERSION").to_owned(),
    );
    let rules = Arc::new(Rules::of(&mut openapi));
    let docs = SwaggerUi::new("/docs").config(Config::from("/openapi.json"));
    router
        .route("/openapi.json", get(async move || Json(openapi)))
        .merge(docs)
        .fallback_service(fallback)
        .method_not_allowed_fallback(unknown_method)
        // As one layer, the outermost first: axum boxes each of its own and clones them for every request.
        .layer((
            CatchPanicLayer::custom(panicked),
            middleware::from_fn(move |request, next| watch_over(service, limits, request, next)),
            middleware::from_fn(move |request, next| linger(limits.body_bytes, request, next)),
            middleware::from_fn(move |request, next| {
                access::enter(access.clone(), Arc::clone(&rules), request, next)
            }),
            DefaultBodyLimit::max(limits.body_bytes),
        ))
}

/// Answers in time, and takes the time.
async fn watch_over(
    service: &'static str,
    limits: Limits,
    request: Request,
    next: middleware::Next,
) -> Response {
    let timer = RequestTimer::start(&request);
    let response = respond_in_time(limits.response, request, next).await;
    timer.record(service, response.status());
    response
}

async fn unknown_route() -> ApiProblem {
    ApiProblem::not_found(
        "unknown-route",
        "There is nothing here",
        "See /docs for what this service offers.",
    )
}

async fn unknown_method() -> ApiProblem {
    ApiProblem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "unknown-method",
        "This route has no such method",
        "The Allow header names the methods it has; /docs describes them.",
    )
}

async fn respond_in_time(limit: Duration, request: Request, next: middleware::Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiProblem::unavailable(
            "too-slow",
            "The answer took too long",
            format!("No answer within {} s; try again.", limit.as_secs()),
        )
        .into_response(),
    }
}

fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let message = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    ApiProblem::internal(&anyhow::anyhow!("handler panicked: {message}")).into_response()
}
