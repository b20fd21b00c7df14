//! `POST /`: DoIt without JavaScript.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use leptos::context::provide_context;
use service::{ApiProblem, extract::Form};

use super::{
    Portal,
    outbox::{self, Outgoing},
    render::render,
};
use crate::pages::round_trip::{Draft, RoundTripData};

/// Sends the message and leads to the page that shows its receipt; on failure the page says why and keeps what was typed.
pub(crate) async fn send(portal: Portal, request: Request) -> Response {
    let mut outgoing = match Form::<Outgoing>::from_request(request, &portal).await {
        Ok(Form(outgoing)) => outgoing,
        Err(problem) => return refuse(&portal, Draft::default(), problem).await,
    };
    // Browsers send line breaks of forms as CR LF, whatever was typed.
    outgoing.message = outgoing.message.replace("\r\n", "\n");
    let draft = Draft {
        topic: outgoing.topic.clone(),
        key: outgoing.key.clone(),
        message: outgoing.message.clone(),
        headers: outgoing.headers.clone(),
    };
    match outbox::send(&portal, outgoing).await {
        Ok(receipt) => Redirect::to(&format!("/?id={}", receipt.id)).into_response(),
        Err(problem) => refuse(&portal, draft, problem).await,
    }
}

async fn refuse(portal: &Portal, draft: Draft, problem: ApiProblem) -> Response {
    let status = StatusCode::from_u16(problem.problem.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let data = RoundTripData {
        draft,
        problem: Some(problem.problem),
        ..RoundTripData::default()
    };
    let mut page = Request::new(Body::empty());
    *page.uri_mut() = Uri::from_static("/");
    let mut response = render(portal, page, move || provide_context(data.clone())).await;
    *response.status_mut() = status;
    response
}
