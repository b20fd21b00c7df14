//! From a page's data to its HTML, with the headers that keep the browser strict.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use leptos::{context::provide_context, nonce::use_nonce, prelude::expect_context};
use leptos_axum::ResponseOptions;

use super::{Portal, document::document};

/// Renders the page at the request's path. `provide` puts the page's own data into the context.
pub(crate) async fn render(
    portal: &Portal,
    request: Request,
    provide: impl Fn() + Clone + Send + Sync + 'static,
) -> Response<Body> {
    let (portal, visitor) = (portal.clone(), portal.visitor());
    let files = portal.site.as_ref();
    let files = files.map(|site| site.files(request.uri().path()));
    let context = move || {
        provide_context(files.clone());
        provide_context(portal.platform.clone());
        provide_context(portal.flow.borrow().clone());
        provide_context(visitor.clone());
        provide();
        restrict_scripts();
    };
    // Nothing on a page is still awaited when it renders, so it is complete for browsers without JavaScript.
    leptos_axum::render_app_to_stream_in_order_with_context(context, document)(request).await
}

/// Allows this page's own scripts and nothing else: what a message might smuggle in does not run.
fn restrict_scripts() {
    let Some(nonce) = use_nonce() else { return };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        expect_context::<ResponseOptions>().insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The API's explorer brings its own page, with one style sheet inline: the hash is that one's. It shows nothing that anybody sent.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; \
                           style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; \
                           connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// For everything that is no page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Gives every response the headers that keep browsers from guessing, framing and telling others.
pub(crate) async fn harden(request: Request, next: Next) -> Response {
    let is_docs = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = if is_docs { DOCS_POLICY } else { DATA_POLICY };
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(policy));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    response
}
