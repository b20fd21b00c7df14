//! What each page knows before it is rendered.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Query, Request, State},
    http::StatusCode,
    response::Response,
};
use contract::MessageId;
use leptos::context::provide_context;
use serde::Deserialize;
use service::ApiProblem;

use super::{Portal, render::render};
use crate::{lookup::Lookup, pages::round_trip::RoundTripData};

/// How long a page may take so that it can show a message as done. Most are done before they are asked for.
const LIFE_WAIT: Duration = Duration::from_secs(1);

/// Handles every route that the app declares.
pub(crate) async fn page(State(portal): State<Portal>, request: Request) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    match path.map_or("", MatchedPath::as_str) {
        "/" => round_trip(&portal, request).await,
        "/message/{id}" => message(&portal, request).await,
        _ => render(&portal, request, || {}).await,
    }
}

pub(crate) async fn not_found(portal: Portal, request: Request) -> Response {
    let mut response = render(&portal, request, || {}).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[derive(Deserialize)]
struct Asked {
    id: Option<String>,
}

/// `/?id=…` is where DoIt and IsDone lead without JavaScript.
async fn round_trip(portal: &Portal, request: Request) -> Response {
    let asked = Query::<Asked>::try_from_uri(request.uri()).ok();
    let lookup = match asked.and_then(|Query(asked)| asked.id) {
        Some(id) => Some(look_up(portal, id).await),
        None => None,
    };
    let data = RoundTripData {
        lookup,
        ..RoundTripData::default()
    };
    render(portal, request, move || provide_context(data.clone())).await
}

async fn message(portal: &Portal, request: Request) -> Response {
    let id = request
        .uri()
        .path()
        .trim_start_matches("/message/")
        .to_owned();
    let lookup = look_up(portal, id).await;
    let status = match (&lookup.entry, &lookup.problem) {
        (None, Some(problem)) => StatusCode::from_u16(problem.status).ok(),
        _ => None,
    };
    let mut response = render(portal, request, move || provide_context(lookup.clone())).await;
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
    response
}

/// All that can be found out about a message, and why it is not more.
async fn look_up(portal: &Portal, id: String) -> Lookup {
    let Ok(message_id) = id.parse::<MessageId>() else {
        let problem = ApiProblem::not_found(
            "invalid-id",
            "This is not a message id",
            "A message id looks like 01993f5c-7c1e-7000-8000-000000000000. Copy it from a receipt.",
        );
        return Lookup {
            id,
            entry: None,
            problem: Some(problem.problem),
        };
    };
    let entry = portal.recent.find(message_id);
    match portal.upstream.life(message_id, LIFE_WAIT).await {
        Ok(life) => {
            let mut entry = entry.unwrap_or_else(|| crate::entry::Entry::of_life(life.clone()));
            entry.learn(life);
            Lookup {
                id,
                entry: Some(entry),
                problem: None,
            }
        }
        // The receipt says that it is in the log; the consumer will see it.
        Err(error) if error.problem.status == 404 && entry.is_some() => Lookup {
            id,
            entry,
            problem: None,
        },
        Err(error) => Lookup {
            id,
            entry,
            problem: Some(error.problem),
        },
    }
}
