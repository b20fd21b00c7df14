use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
};
use metrics::Label;

/// A request that is being answered.
pub(crate) struct RequestTimer {
    started: Instant,
    method: Method,
    route: Option<MatchedPath>,
}

impl RequestTimer {
    pub(crate) fn start(request: &Request) -> Self {
        Self {
            started: Instant::now(),
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
        }
    }

    /// Counts the request and its duration until the response's head, by route and status.
    pub(crate) fn record(self, service: &'static str, status: StatusCode) {
        // The route's pattern, never the path itself: callers could grow the number of series without bound.
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        let labels = vec![
            Label::from_static_parts("service", service),
            Label::new("method", self.method.to_string()),
            Label::new("route", route.to_owned()),
            Label::new("status", status.as_str().to_owned()),
        ];
        metrics::histogram!("http_request_duration_seconds", labels).record(self.started.elapsed());
    }
}

/// Everything this process has measured, in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, description = "Prometheus text format", body = String)))]
pub(crate) async fn metrics() -> String {
    crate::telemetry::metrics().render()
}
