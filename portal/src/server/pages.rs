//! What each page knows before it is rendered.

use axum::{
    extract::{MatchedPath, Query, Request, State},
    http::StatusCode,
    response::Response,
};
use leptos::context::provide_context;
use serde::Deserialize;

use super::{Portal, groups, life, lookup, render::render, seer, stream, topics};
use crate::pages::round_trip::RoundTripData;

/// Handles every route that the app declares.
pub(crate) async fn page(State(portal): State<Portal>, request: Request) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    match path.map_or("", MatchedPath::as_str) {
        "/" => round_trip(&portal, request).await,
        "/message/{id}" => message(&portal, request).await,
        "/stream" => stream::page(&portal, request).await,
        "/life" => life::page(&portal, request).await,
        "/topics" => topics::list_page(&portal, request).await,
        "/topics/{name}" => topics::page(&portal, request).await,
        "/groups" => groups::list_page(&portal, request).await,
        "/groups/{group}" => groups::page(&portal, request).await,
        "/seer" => seer::page(&portal, request).await,
        _ => render(&portal, request, || {}).await,
    }
}

pub(crate) async fn not_found(portal: Portal, request: Request) -> Response {
    let mut response = render(&portal, request, || {}).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[derive(Default, Deserialize)]
struct Asked {
    id: Option<String>,
    burst: Option<String>,
}

/// `/?id=…` is where DoIt and IsDone lead without JavaScript, `/?burst=…` where a burst does.
async fn round_trip(portal: &Portal, request: Request) -> Response {
    let asked = Query::<Asked>::try_from_uri(request.uri());
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let lookup = match asked.id {
        Some(id) => Some(lookup::life(portal, id).await),
        None => None,
    };
    let burst = asked.burst.and_then(|id| portal.bursts.find(&id));
    let data = RoundTripData {
        lookup,
        burst: burst.map(|burst| burst.borrow().clone()),
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
    let at = Query::<lookup::At>::try_from_uri(request.uri());
    let at = at.map(|Query(at)| at).unwrap_or_default();
    let lookup = lookup::message(portal, id, &at).await;
    let status = match &lookup.problem {
        Some(problem) if lookup.entry.is_none() && lookup.record.is_none() => {
            StatusCode::from_u16(problem.status).ok()
        }
        _ => None,
    };
    let mut response = render(portal, request, move || provide_context(lookup.clone())).await;
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
    response
}
