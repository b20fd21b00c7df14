use std::sync::Arc;

use axum::extract::State;
use contract::{
    Problem,
    seer::{AskRequest, SearchMode, SearchResults},
};
use serde::Deserialize;
use service::{
    ApiResult,
    extract::{Json, Query},
};
use utoipa::IntoParams;

use crate::{answer::Question, app::App, index::SearchQuery};

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct SearchParams {
    /// What to look for
    #[serde(default)]
    q: String,
    /// How [default: hybrid]
    #[serde(default)]
    mode: SearchMode,
    /// Only messages of these topics, separated by commas
    #[serde(default)]
    topics: String,
    /// Only messages from this time on: RFC 3339, or milliseconds since 1970
    since: Option<String>,
    /// Only messages before this time
    until: Option<String>,
    /// Messages, 100 at most [default: 5]
    top_k: Option<usize>,
}

/// The messages that are nearest to a text, and why: each with its rank and score by meaning and by words.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchParams), responses(
    (status = 200, body = SearchResults),
    (status = 400, description = "A topic, a time or a number is not valid", body = Problem),
    (status = 413, description = "The text is too long", body = Problem),
    (status = 422, description = "There is nothing to look for", body = Problem),
    (status = 503, description = "The model or the vector store is away", body = Problem),
))]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Query(params): Query<SearchParams>,
) -> ApiResult<Json<SearchResults>> {
    let question = Question::parse(AskRequest {
        question: params.q,
        topics: names(&params.topics),
        since: params.since,
        until: params.until,
        top_k: params.top_k,
        ..AskRequest::default()
    })?;
    let query = SearchQuery {
        text: question.text,
        mode: params.mode,
        filter: question.filter,
        limit: question.top_k,
    };
    Ok(Json(SearchResults {
        hits: app.index.search(query).await?,
    }))
}

/// Names separated by commas.
pub(super) fn names(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
