//! The pages before the portal's own: plain ones, for those who are not in yet are given none of its program.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use leptos::prelude::*;

use super::Entrance;
use crate::address::escape;

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Says how to come in, and why the last attempt failed.
pub(super) fn sign_in(
    entrance: &Entrance,
    to: &str,
    problem: Option<&str>,
    status: StatusCode,
) -> Response {
    let to = local(to).to_owned();
    let has_token = entrance.access.own_token().is_some();
    let problem = problem.map(|why| {
        view! { <div class="notice" role="alert"><strong>"You are not signed in"</strong><p>{why.to_owned()}</p></div> }
    });
    let oidc = entrance.oidc.is_some().then(|| {
        let href = format!("/sign-in/oidc?to={}", escape(&to));
        view! { <p class="actions"><a class="button" id="oidc" href=href>"Sign in with your organisation"</a></p> }
    });
    let token = has_token.then(|| {
        view! {
            <form class="produce" method="post" action="/sign-in">
                <input type="hidden" name="to" value=to/>
                // So that the browser can keep the token under a name.
                <input type="text" name="username" value="kafkloud" autocomplete="username" hidden/>
                <div class="field wide">
                    <label for="token">"Token"</label>
                    <input id="token" name="token" type="password" required autocomplete="current-password" spellcheck="false" autocapitalize="none"/>
                </div>
                <div class="actions"><button class="primary" type="submit">"Sign in"</button></div>
            </form>
            <p>"Paste the token that Kafkloud was started with: "<code>"API_TOKEN"</code>" makes you an operator, who may do everything; "
                <code>"VIEWER_TOKEN"</code>" makes you a viewer, who may look and ask."</p>
            <p class="hint">"Without a token at hand: a link that signs you in once stands in the portal's log, and "
                <code>"kafkloud up"</code>" prints it. Whoever has API_TOKEN makes another one with "<code>"POST /api/sign-in-link"</code>"."</p>
        }
    });
    let content = view! { <h1>"Sign in"</h1>{problem}{oidc}{token} };
    respond(entrance, status, None, content.into_any())
}

/// Leads to a page of the portal. Not by a redirect: the browser would send the session's cookie with none that another site has begun.
pub(super) fn onward(entrance: &Entrance, to: &str) -> Response {
    let to = local(to).to_owned();
    let content = view! { <p><a href=to.clone()>"Go on to the portal"</a></p> };
    respond(entrance, StatusCode::OK, Some(&to), content.into_any())
}

pub(super) fn forbidden(entrance: &Entrance) -> Response {
    let content = view! {
        <h1>"You may not do this"</h1>
        <p>"You are signed in as a viewer, who may look and ask. For this, sign in as an operator."</p>
        <p><a href="/">"Back to the portal"</a></p>
        <form method="post" action="/sign-out"><button type="submit">"Sign out"</button></form>
    };
    respond(entrance, StatusCode::FORBIDDEN, None, content.into_any())
}

pub(super) fn failed(entrance: &Entrance, status: StatusCode, why: &str) -> Response {
    sign_in(entrance, "/", Some(why), status)
}

fn respond(
    entrance: &Entrance,
    status: StatusCode,
    onward: Option<&str>,
    content: AnyView,
) -> Response {
    let style = entrance.style.clone();
    let style = style.map(|style| view! { <link rel="stylesheet" href=style/> });
    let refresh =
        onward.map(|to| view! { <meta http-equiv="refresh" content=format!("0;url={to}")/> });
    let page = view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>"Sign in · Kafkloud"</title>
                {style}
                {refresh}
            </head>
            <body>
                <header class="site"><a class="brand" href="/">"Kafkloud"</a></header>
                <main id="main">{content}</main>
            </body>
        </html>
    };
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, Html(page.to_html())).into_response()
}

/// Only addresses of the portal itself: nobody is sent elsewhere by a link to its sign-in page.
fn local(to: &str) -> &str {
    let mut letters = to.chars();
    let is_path = letters.next() == Some('/') && !matches!(letters.next(), Some('/' | '\\'));
    if is_path && !to.contains(char::is_control) {
        to
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        for to in ["/", "/topics?q=a//b", "/message/42"] {
            assert_eq!(local(to), to);
        }
        for to in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "evil",
        ] {
            assert_eq!(local(to), "/", "{to}");
        }
    }
}
