// utoipa's macros name the query types by paths of their own.
#![allow(unused_qualifications)]

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, teach, teach::Teacher};

pub(crate) mod accept;
pub(crate) mod ask;
mod index;
pub(crate) mod load;
mod search;

/// The seer's whole HTTP surface, but for [`ask`].
pub(crate) fn all(app: Arc<App>, teacher: Arc<Teacher>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(search::search))
        .routes(routes!(index::state))
        .routes(routes!(index::reindex))
        .with_state(app)
        .merge(teach::routes(teacher))
}
