//! Pages that show what the services know, and go on asking for it.

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    http::{StatusCode, Uri},
    response::Response,
};
use leptos::context::provide_context;
use serde::Serialize;
use service::{ApiProblem, ApiResult, extract::Path};

use super::{Portal, render::render};
use crate::shown::{Refused, Shown};

/// The page at the request's address with what was found for it. A page that has nothing to show says why, with that status.
pub(crate) async fn respond<T>(portal: &Portal, request: Request, found: ApiResult<T>) -> Response
where
    T: Clone + Send + Serialize + Sync + 'static,
{
    let address = request.uri().path_and_query();
    let address = address.map(ToString::to_string).unwrap_or_default();
    let (data, problem) = match found {
        Ok(data) => (Some(data), None),
        Err(problem) => (None, Some(problem)),
    };
    let status = problem.as_ref().map_or(StatusCode::OK, status_of);
    let shown = Shown {
        address,
        data,
        problem: problem.map(|problem| problem.problem),
    };
    let mut response = render(portal, request, move || provide_context(shown.clone())).await;
    *response.status_mut() = status;
    response
}

/// The page at `address` after a form that was refused: with what was typed, and why.
pub(crate) async fn refuse<T, Draft>(
    portal: &Portal,
    address: &str,
    found: ApiResult<T>,
    draft: Draft,
    problem: ApiProblem,
) -> Response
where
    T: Clone + Send + Serialize + Sync + 'static,
    Draft: Clone + Send + Serialize + Sync + 'static,
{
    let status = status_of(&problem);
    let shown = Shown {
        address: address.to_owned(),
        data: found.ok(),
        problem: None,
    };
    let refused = Refused {
        draft,
        problem: Some(problem.problem),
    };
    let mut page = Request::new(Body::empty());
    *page.uri_mut() = address.parse().unwrap_or(Uri::from_static("/"));
    let provide = move || {
        provide_context(shown.clone());
        provide_context(refused.clone());
    };
    let mut response = render(portal, page, provide).await;
    *response.status_mut() = status;
    response
}

/// What the request's address names, as in `/topics/{name}`.
pub(crate) async fn named(request: Request) -> (Request, ApiResult<String>) {
    let (mut parts, body) = request.into_parts();
    let name = Path::<String>::from_request_parts(&mut parts, &()).await;
    (
        Request::from_parts(parts, body),
        name.map(|Path(name)| name),
    )
}

/// Who asked to delete or move something has to type its name.
pub(crate) fn unconfirmed(name: &str) -> ApiProblem {
    ApiProblem::bad_request(
        "not-confirmed",
        "Nothing was changed",
        format!("Type the name “{name}” into the field to confirm, exactly as it is."),
    )
}

pub(crate) fn status_of(problem: &ApiProblem) -> StatusCode {
    StatusCode::from_u16(problem.problem.status).unwrap_or(StatusCode::BAD_GATEWAY)
}
