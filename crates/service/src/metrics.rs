use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};

/// Counts requests and their duration until the response's head, by route and status.
pub(crate) async fn record_request(
    service: &'static str,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The route's pattern, never the path itself: callers could grow the number of series without bound.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let labels = [
        ("service", service.to_owned()),
        ("method", method.to_string()),
        ("route", route),
        ("status", response.status().as_str().to_owned()),
    ];
    metrics::histogram!("http_request_duration_seconds", &labels).record(started.elapsed());
    response
}

/// Everything this process has measured, in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, description = "Prometheus text format", body = String)))]
pub(crate) async fn metrics() -> String {
    crate::telemetry::metrics().render()
}
