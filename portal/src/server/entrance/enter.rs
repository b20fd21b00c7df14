use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use service::ApiProblem;

use super::{Entrance, OPEN, page, session};
use crate::address::escape;

/// What a refusal is made of, for people.
struct Asked {
    /// By a browser that would show a page.
    is_page: bool,
    shows_token: bool,
    address: String,
}

pub(super) async fn enter(entrance: Entrance, mut request: Request, next: Next) -> Response {
    if !entrance.access.asks() {
        return next.run(request).await;
    }
    let headers = request.headers();
    let is_signed_in = match session::caller(&entrance.sealer, headers) {
        Some(caller) => {
            request.extensions_mut().insert(caller);
            true
        }
        None => false,
    };
    let asked = Asked::of(&request);
    let is_open = OPEN
        .iter()
        .any(|open| request.uri().path().starts_with(open));
    let comes_to_a_page = asked.is_page && request.method() == Method::GET;
    if comes_to_a_page && !is_signed_in && !asked.shows_token && !is_open {
        return show_the_way(&entrance, &request, &asked);
    }
    explain(&entrance, next.run(request).await, &asked)
}

/// A link of another site leads here without the cookie, which the browser may have all the same: asked by our own page it sends it.
fn show_the_way(entrance: &Entrance, request: &Request, asked: &Asked) -> Response {
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site == "cross-site" || site == "same-site") {
        return page::onward(entrance, &asked.address);
    }
    Redirect::to(&format!("/sign-in?to={}", escape(&asked.address))).into_response()
}

/// What the gate tells programs says little to people.
fn explain(entrance: &Entrance, response: Response, asked: &Asked) -> Response {
    match response.status() {
        // The sign-in page says itself why, and so do the services behind the portal.
        _ if !response.headers().contains_key(header::WWW_AUTHENTICATE) => response,
        StatusCode::UNAUTHORIZED if !asked.shows_token => {
            if asked.is_page {
                return Redirect::to("/sign-in").into_response();
            }
            let mut response = not_signed_in().into_response();
            let challenge = HeaderValue::from_static(r#"Bearer realm="kafkloud""#);
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
        StatusCode::FORBIDDEN if asked.is_page => page::forbidden(entrance),
        _ => response,
    }
}

fn not_signed_in() -> ApiProblem {
    ApiProblem::new(
        StatusCode::UNAUTHORIZED,
        "not-signed-in",
        "You are not signed in",
        "Load the page again and sign in. Programs send the header `Authorization: Bearer <token>`.",
    )
}

impl Asked {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let address = request.uri().path_and_query();
        Self {
            is_page: takes_pages(headers),
            shows_token: headers.contains_key(header::AUTHORIZATION),
            address: address.map(ToString::to_string).unwrap_or_default(),
        }
    }
}

fn takes_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}
