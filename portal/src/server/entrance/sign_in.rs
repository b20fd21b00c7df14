//! `/sign-in` and `/sign-out`.

use std::net::IpAddr;

use axum::{
    extract::{FromRequest, Query, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use contract::Role;
use serde::Deserialize;
use service::{ApiProblem, access::address, extract::Form};

use super::{Entrance, Newcomer, page, session};

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    /// Of a link that is good once
    token: Option<String>,
    /// Where to go afterwards
    #[serde(default)]
    pub(super) to: String,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    token: String,
    #[serde(default)]
    to: String,
}

/// `GET /sign-in`: how to come in. With a link's token, the way in.
pub(super) async fn show(State(entrance): State<Entrance>, request: Request) -> Response {
    if !entrance.access.asks() {
        return Redirect::to("/").into_response();
    }
    let asked = Query::<Asked>::try_from_uri(request.uri());
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let Some(token) = &asked.token else {
        return page::sign_in(&entrance, &asked.to, None, StatusCode::OK);
    };
    // Whoever asks for the head alone does not come in, and leaves the link to those who do.
    if request.method() == Method::GET && entrance.links.redeem(&entrance.sealer, token) {
        let newcomer = Newcomer {
            name: Role::Operator.name().to_owned(),
            role: Role::Operator,
            by: "link",
        };
        return entrance.welcome(&newcomer, address(&request), &asked.to);
    }
    let why = "This link was used already, is older than a day, or comes from before the portal was started again.";
    page::sign_in(&entrance, &asked.to, Some(why), StatusCode::UNAUTHORIZED)
}

/// `POST /sign-in`: with a token that was pasted.
pub(super) async fn with_token(State(entrance): State<Entrance>, request: Request) -> Response {
    let from = address(&request);
    let shown = match Form::<Shown>::from_request(request, &()).await {
        Ok(Form(shown)) => shown,
        Err(problem) => return problem.into_response(),
    };
    match entrance.access.role_of_stranger(shown.token.trim(), from) {
        Ok(role) => {
            let newcomer = Newcomer {
                name: role.name().to_owned(),
                role,
                by: "token",
            };
            entrance.welcome(&newcomer, from, &shown.to)
        }
        Err(ApiProblem { problem, .. }) if problem.status == StatusCode::TOO_MANY_REQUESTS => {
            let why = format!("{}. {}", problem.title, problem.detail);
            page::sign_in(
                &entrance,
                &shown.to,
                Some(&why),
                StatusCode::TOO_MANY_REQUESTS,
            )
        }
        Err(_) => {
            let why = "This token lets nobody in.";
            page::sign_in(&entrance, &shown.to, Some(why), StatusCode::UNAUTHORIZED)
        }
    }
}

/// `POST /sign-out`: this browser forgets who it is.
pub(super) async fn out(State(entrance): State<Entrance>) -> Response {
    match session::end(entrance.secure) {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response(),
        Err(error) => ApiProblem::internal(&error).into_response(),
    }
}

impl Entrance {
    pub(super) fn welcome(&self, newcomer: &Newcomer, from: IpAddr, to: &str) -> Response {
        let cookie = match session::begin(&self.sealer, newcomer, self.secure) {
            Ok(cookie) => cookie,
            Err(error) => return ApiProblem::internal(&error).into_response(),
        };
        let Newcomer { name, role, by } = newcomer;
        tracing::info!(target: "audit", who = ?name, role = role.name(), %from, by, "signed in");
        ([(header::SET_COOKIE, cookie)], page::onward(self, to)).into_response()
    }
}
