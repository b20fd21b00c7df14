//! What each page knows before it is rendered.

use axum::{
    extract::{MatchedPath, Query, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use leptos::context::provide_context;
use serde::Deserialize;
use service::ApiProblem;

use super::{Portal, groups, life, lookup, message, render::render, seer, stream, topics};
use crate::pages::round_trip::RoundTripData;

/// Handles every route that the app declares.
pub(crate) async fn page(portal: Portal, request: Request) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    match path.map_or("", MatchedPath::as_str) {
        "/" => round_trip(&portal, request).await,
        "/message/{id}" => message::page(&portal, request, false).await,
        "/message/{topic}/{partition}/{offset}" => message::page(&portal, request, true).await,
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

pub(crate) async fn not_found(portal: Portal, asks: bool, request: Request) -> Response {
    let caller = request.extensions().get().cloned();
    if asks && caller.is_none() {
        // Of an address that is open to all but has nothing: even this page tells of the platform.
        return ApiProblem::not_found("unknown-route", "There is nothing here", "Sign in first.")
            .into_response();
    }
    let portal = portal.for_caller(caller.as_ref());
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
