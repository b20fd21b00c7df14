// utoipa's macros name the query types by paths of their own.
#![allow(unused_qualifications)]

use std::sync::Arc;

use service::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{answer::Answerer, app::App, teach, teach::Teacher};

pub(crate) mod accept;
mod ask;
mod index;
pub(crate) mod load;
mod search;

/// The seer's whole HTTP surface.
pub(crate) fn all(
    app: Arc<App>,
    answerer: Arc<Answerer>,
    teacher: Arc<Teacher>,
    stop: CancellationToken,
) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(search::search))
        .routes(routes!(index::state))
        .routes(routes!(index::reindex))
        .with_state(app)
        .merge(ask::routes(answerer, stop))
        .merge(teach::routes(teacher))
}
