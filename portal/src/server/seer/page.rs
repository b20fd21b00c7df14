//! `GET /seer`, and `POST /seer` as its forms send it without JavaScript.

use axum::{
    body::Body,
    extract::{FromRequest, Query, Request},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use leptos::context::provide_context;
use serde::Deserialize;
use service::{ApiProblem, ApiResult, extract::Form};

use super::{
    super::{Portal, lookup, render::render},
    ask::{self, Question},
    index, load, teach,
};
use crate::seer::{Asked, SeerData};

#[derive(Deserialize)]
struct Taught {
    /// The message to which a statement led
    taught: Option<String>,
}

/// `/seer?q=…` shows the answer, `/seer?taught=…` what became of a statement.
pub(crate) async fn page(portal: &Portal, request: Request) -> Response {
    let mut data = SeerData::default();
    let mut status = StatusCode::OK;
    if let Ok(Query(Taught { taught: Some(id) })) = Query::try_from_uri(request.uri()) {
        data.taught = Some(lookup::life(portal, id).await);
    }
    let has_question = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|pair| pair.starts_with("q=")));
    if has_question {
        match Query::<Question>::try_from_uri(request.uri()) {
            Ok(Query(question)) => {
                data.draft = question.to_draft();
                match ask::ask(portal, &question).await {
                    Ok(answer) => {
                        data.draft.question.clear();
                        data.draft.conversation = answer.conversation.clone().unwrap_or_default();
                        data.asked = Some(Asked::of_answer(question.q, answer));
                    }
                    Err(problem) => {
                        status = status_of(&problem);
                        data.asked = Some(Asked::of_problem(question.q, problem.problem));
                    }
                }
            }
            Err(rejection) => {
                let problem = ApiProblem::from(rejection);
                status = status_of(&problem);
                data.problem = Some(problem.problem);
            }
        }
    }
    respond(portal, request, data, status).await
}

#[derive(Deserialize)]
struct Submitted {
    statement: Option<String>,
    reindex: Option<String>,
}

/// Teach, load or rebuild. A failure is said on the page and keeps what was typed.
pub(crate) async fn submit(portal: Portal, request: Request) -> Response {
    let mut data = SeerData::default();
    let outcome = if is_upload(&request) {
        upload(&portal, request, &mut data).await
    } else {
        match Form::<Submitted>::from_request(request, &portal).await {
            Ok(Form(submitted)) => change(&portal, submitted, &mut data).await,
            Err(problem) => Err(problem),
        }
    };
    let status = match outcome {
        Ok(Some(address)) => return Redirect::to(&address).into_response(),
        Ok(None) => StatusCode::OK,
        Err(problem) => {
            let status = status_of(&problem);
            data.problem = Some(problem.problem);
            status
        }
    };
    let mut page = Request::new(Body::empty());
    *page.uri_mut() = Uri::from_static("/seer");
    respond(&portal, page, data, status).await
}

fn is_upload(request: &Request) -> bool {
    let media_type = request.headers().get(header::CONTENT_TYPE);
    media_type.is_some_and(|media_type| media_type.as_bytes().starts_with(b"multipart/"))
}

/// The outcome cannot travel in an address, so it is the answer to the form itself.
async fn upload(
    portal: &Portal,
    request: Request,
    data: &mut SeerData,
) -> ApiResult<Option<String>> {
    let (head, body) = request.into_parts();
    data.loaded = load::load(portal, &head.headers, body).await?;
    Ok(None)
}

/// Gives the address that shows the outcome.
async fn change(
    portal: &Portal,
    submitted: Submitted,
    data: &mut SeerData,
) -> ApiResult<Option<String>> {
    if submitted.reindex.is_some() {
        let response = index::begin(portal).await?;
        if !response.status().is_success() {
            return portal
                .upstream
                .parse(super::super::upstream::Peer::Seer, response)
                .await;
        }
        return Ok(Some("/seer#index".to_owned()));
    }
    // Browsers send line breaks of forms as CR LF, whatever was typed.
    let statement = submitted
        .statement
        .unwrap_or_default()
        .replace("\r\n", "\n");
    data.statement.clone_from(&statement);
    let receipt = teach::teach(portal, statement).await?;
    let address = format!("/seer?taught={}#teach", receipt.id);
    portal
        .recent
        .add(crate::entry::Entry::of_receipt(receipt, ""));
    Ok(Some(address))
}

async fn respond(
    portal: &Portal,
    request: Request,
    data: SeerData,
    status: StatusCode,
) -> Response {
    let mut response = render(portal, request, move || provide_context(data.clone())).await;
    *response.status_mut() = status;
    response
}

fn status_of(problem: &ApiProblem) -> StatusCode {
    StatusCode::from_u16(problem.problem.status).unwrap_or(StatusCode::BAD_GATEWAY)
}
