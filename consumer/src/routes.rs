use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

mod status;

/// The consumer's whole HTTP surface.
pub(crate) fn all(app: Arc<App>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(status::summary))
        .routes(routes!(status::life))
        .with_state(app)
}
