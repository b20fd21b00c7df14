use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use contract::{
    Problem,
    seer::{IndexState, ReindexProgress},
};
use service::{ApiResult, Audit, extract::Json};

use crate::app::App;

/// What the seer knows, and from where.
#[utoipa::path(get, path = "/index", tag = "index", responses(
    (status = 200, body = IndexState),
    (status = 503, description = "The vector store is away", body = Problem),
))]
pub(crate) async fn state(State(app): State<Arc<App>>) -> ApiResult<Json<IndexState>> {
    app.index_state().await.map(Json)
}

/// Begins to build the index anew from the log, while the one there is answers. `GET /index` tells how far it is.
#[utoipa::path(post, path = "/reindex", tag = "index", responses(
    (status = 202, body = ReindexProgress),
    (status = 409, description = "It is being built already", body = Problem),
    (status = 503, description = "The model or the vector store is away", body = Problem),
))]
pub(crate) async fn reindex(
    State(app): State<Arc<App>>,
    audit: Audit,
) -> ApiResult<(StatusCode, Json<ReindexProgress>)> {
    audit.change("rebuild the index", "");
    Ok((StatusCode::ACCEPTED, Json(app.reindex()?)))
}
