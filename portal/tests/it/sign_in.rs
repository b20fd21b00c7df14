//! Who comes in by a link or a token, what the browser keeps of it, and what viewers may not do.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, http::HeaderMap};
use contract::{Problem, SignInLink};
use reqwest::{RequestBuilder, Response};
use tokio::net::TcpListener;

use crate::{
    fake_stations::Stations,
    harness::{TestPortal, form},
};

const OPERATOR: &str = "the-token-of-operators";
const VIEWER: &str = "the-token-of-viewers";
const TOKENS: [&str; 4] = ["--api-token", OPERATOR, "--viewer-token", VIEWER];
const SESSION_KEY: &str = "a key of sessions with 32 letters";

async fn start(more: &[&str]) -> TestPortal {
    let stations = Stations::start().await;
    TestPortal::start_with(&stations, &[&TOKENS, more].concat()).await
}

impl TestPortal {
    async fn paste(&self, token: &str) -> Response {
        let fields = [("token", token), ("to", "/topics")];
        self.submit_to("/sign-in", &fields).await
    }

    /// The session's cookie of somebody who pasted a token, as a browser sends it.
    async fn signed_in(&self, token: &str) -> String {
        let answer = self.paste(token).await;
        assert_eq!(answer.status(), 200);
        sent_back(&answer, "kafkloud-session")
    }

    fn page_request(&self, path: &str) -> RequestBuilder {
        self.client
            .get(self.url(path))
            .header("accept", "text/html")
    }

    async fn link(&self) -> String {
        let request = self.client.post(self.url("/api/sign-in-link"));
        let answer = request.bearer_auth(OPERATOR).send().await.unwrap();
        let link: SignInLink = answer.error_for_status().unwrap().json().await.unwrap();
        link.url
    }

    async fn send_as(&self, cookie: &str) -> Response {
        let body = serde_json::json!({ "topic": "stream", "message": "m" });
        let request = self.client.post(self.url("/api/outbox")).json(&body);
        request.header("cookie", cookie).send().await.unwrap()
    }
}

/// The cookie that an answer sets.
pub(crate) fn set_cookie(answer: &Response, name: &str) -> String {
    let cookies = answer.headers().get_all("set-cookie").iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find(|cookie| cookie.starts_with(&format!("{name}=")));
    cookie.expect("a cookie").to_owned()
}

pub(crate) fn sent_back(answer: &Response, name: &str) -> String {
    let cookie = set_cookie(answer, name);
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_comes_in_without_saying_who_they_are() {
    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("a.css"), "").unwrap();
    let portal = start(&["--site-dir", site.path().to_str().unwrap()]).await;
    for path in ["/", "/topics", "/seer?q=a", "/nowhere"] {
        let answer = portal.page_request(path).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{path}");
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(
            location.starts_with("/sign-in?to=%2F"),
            "{path}: {location}"
        );
    }
    for path in [
        "/",
        "/api/status",
        "/api/events",
        "/nowhere",
        "/metrics",
        "/openapi.json",
    ] {
        let answer = portal.get(path).await;
        assert_eq!(answer.status(), 401, "{path}");
        assert!(answer.headers().contains_key("www-authenticate"), "{path}");
        let problem: Problem = answer.json().await.unwrap();
        assert_eq!(problem.kind, "urn:kafkloud:problem:not-signed-in", "{path}");
    }
    for (path, status) in [
        ("/livez", 200),
        ("/sign-in", 200),
        ("/assets/a.css", 200),
        ("/assets/nothing", 404),
        ("/sign-in/nothing", 404),
        ("/sign-intoxicated", 404),
    ] {
        assert_eq!(portal.get(path).await.status(), status, "{path}");
    }
    let page = portal.page("/sign-in").await;
    assert!(
        page.contains("API_TOKEN") && page.contains("VIEWER_TOKEN"),
        "{page}"
    );
    // Nothing of the platform is told on it.
    assert!(!page.contains(&portal.address.to_string()), "{page}");

    let without = portal.client.post(portal.url("/api/sign-in-link"));
    assert_eq!(without.send().await.unwrap().status(), 401);
    let sent = portal.send_as("kafkloud-session=made-up").await;
    assert_eq!(sent.status(), 401);
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let portal = start(&[]).await;
    let link = portal.link().await;
    assert!(link.starts_with(&portal.url("/sign-in?token=")), "{link}");
    let looked_at = portal.client.head(&link).send().await.unwrap();
    assert_eq!(looked_at.status(), 401, "looking at it does not use it up");
    let answer = portal.client.get(&link).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let cookie = set_cookie(&answer, "kafkloud-session");
    for flag in [
        "; Path=/;",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Max-Age=43200",
    ] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "there is no TLS: {cookie}");
    let cookie = sent_back(&answer, "kafkloud-session");
    assert!(answer.text().await.unwrap().contains("0;url=/"));

    let page = portal.page_request("/").header("cookie", &cookie);
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("Sign out") && !page.contains("<fieldset"),
        "{page}"
    );
    assert_eq!(portal.send_as(&cookie).await.status(), 201);

    let again = portal.client.get(&link).send().await.unwrap();
    assert_eq!(again.status(), 401);
    assert!(!again.headers().contains_key("set-cookie"));
    assert!(again.text().await.unwrap().contains("used already"));
}

#[tokio::test]
async fn a_viewer_looks_and_asks_and_does_no_more() {
    let portal = start(&[]).await;
    let cookie = portal.signed_in(VIEWER).await;
    let get = async |path: &str| {
        let request = portal.page_request(path).header("cookie", &cookie);
        request.send().await.unwrap()
    };
    for (path, reason_is_told) in [
        ("/", true),
        ("/topics", true),
        ("/stream", true),
        ("/seer", true),
        ("/about", false),
    ] {
        let page = get(path).await;
        assert_eq!(page.status(), 200, "{path}");
        let page = page.text().await.unwrap();
        assert_eq!(
            page.contains("signed in as a viewer"),
            reason_is_told,
            "{path}"
        );
        assert_eq!(page.contains("for-operators"), reason_is_told, "{path}");
    }
    assert_eq!(get("/api/status").await.status(), 200);

    let refused = portal.send_as(&cookie).await;
    assert_eq!(refused.status(), 403);
    let problem: Problem = refused.json().await.unwrap();
    assert_eq!(problem.kind, "urn:kafkloud:problem:forbidden");
    for path in [
        "/",
        "/bursts",
        "/stream",
        "/topics",
        "/topics/a",
        "/groups/a",
        "/seer",
    ] {
        let request = portal
            .client
            .post(portal.url(path))
            .header("cookie", &cookie);
        let request = form(request, &[("message", "m")]).header("accept", "text/html");
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 403, "{path}");
        assert!(
            refused
                .text()
                .await
                .unwrap()
                .contains("You may not do this"),
            "{path}"
        );
    }
    let link = portal.client.post(portal.url("/api/sign-in-link"));
    let link = link.header("cookie", &cookie).send().await.unwrap();
    assert_eq!(link.status(), 403);
}

#[tokio::test]
async fn a_wrong_token_lets_nobody_in() {
    let portal = start(&[]).await;
    let mut last = portal.paste("a wrong token").await;
    assert_eq!(last.status(), 401);
    assert!(!last.headers().contains_key("set-cookie"));
    for i in 0..15 {
        last = portal.paste(&format!("guess number {i}")).await;
    }
    assert_eq!(last.status(), 429);
    let page = last.text().await.unwrap();
    assert!(page.contains("Too many wrong tokens"), "{page}");
}

#[tokio::test]
async fn whoever_signs_out_is_out() {
    let portal = start(&[]).await;
    let cookie = portal.signed_in(VIEWER).await;
    let request = portal.client.post(portal.url("/sign-out"));
    let answer = request.header("cookie", cookie).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = set_cookie(&answer, "kafkloud-session");
    assert!(cookie.starts_with("kafkloud-session=;") && cookie.contains("Max-Age=0"));
}

#[tokio::test]
async fn behind_tls_the_cookie_stays_there() {
    let portal = start(&["--portal-url", "https://portal.example"]).await;
    let answer = portal.paste(OPERATOR).await;
    let cookie = set_cookie(&answer, "kafkloud-session");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    assert!(
        portal
            .link()
            .await
            .starts_with("https://portal.example/sign-in?token=")
    );
}

#[tokio::test]
async fn another_website_gets_nothing_of_a_session() {
    let portal = start(&[]).await;
    let cookie = portal.signed_in(OPERATOR).await;
    let post = |path: &str, name: &'static str, value: &str| {
        let request = portal.client.post(portal.url(path)).header(name, value);
        form(request, &[("token", OPERATOR), ("message", "m")])
            .header("cookie", &cookie)
            .send()
    };
    for path in [
        "/api/outbox",
        "/",
        "/sign-in",
        "/sign-out",
        "/api/sign-in-link",
    ] {
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let answer = post(path, name, value).await.unwrap();
            assert_eq!(answer.status(), 403, "{path} {name}");
        }
        let rebound = post(path, "host", "evil.example").await.unwrap();
        assert_eq!(rebound.status(), 421, "{path}");
    }
    let page = portal.page_request("/").header("cookie", &cookie);
    let page = page.header("host", "evil.example").send().await.unwrap();
    assert_eq!(page.status(), 421);

    // A link of another site: the browser keeps the cookie back, and sends it when our own page leads on.
    let led = portal
        .page_request("/topics?q=a")
        .header("sec-fetch-site", "cross-site");
    let led = led.send().await.unwrap();
    assert_eq!(led.status(), 200);
    let led = led.text().await.unwrap();
    assert!(led.contains("0;url=/topics?q=a"), "{led}");
    // And leads nowhere else.
    let link = format!("{}&to=//evil.example", portal.link().await);
    let page = portal
        .client
        .get(link)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("0;url=/\""), "{page}");
}

#[tokio::test]
async fn portals_with_the_same_key_share_who_is_signed_in() {
    let first = start(&["--session-key", SESSION_KEY]).await;
    let second = start(&["--session-key", SESSION_KEY]).await;
    let other = start(&[]).await;
    let cookie = first.signed_in(OPERATOR).await;
    assert_eq!(second.send_as(&cookie).await.status(), 201);
    assert_eq!(other.send_as(&cookie).await.status(), 401);
    // With other tokens nobody stays signed in.
    let stations = Stations::start().await;
    let renewed = [
        "--api-token",
        "another-token-of-operators",
        "--session-key",
        SESSION_KEY,
    ];
    let renewed = TestPortal::start_with(&stations, &renewed).await;
    assert_eq!(renewed.send_as(&cookie).await.status(), 401);

    let link = first.link().await;
    let token = link.split_once("token=").unwrap().1;
    let page = second.get(&format!("/sign-in?token={token}")).await;
    assert_eq!(page.status(), 200);
}

#[tokio::test]
async fn the_services_are_told_for_whom_the_portal_acts() {
    let told = Arc::new(Mutex::new(Vec::<HeaderMap>::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::clone(&told);
    let refuse = async move |request: Request| {
        if request.method() == "POST" {
            seen.lock().unwrap().push(request.headers().clone());
        }
        axum::http::StatusCode::UNAUTHORIZED
    };
    let service = Router::new().fallback(refuse);
    tokio::spawn(async move { axum::serve(listener, service).await });
    let portal = TestPortal::start_at(address, &TOKENS).await;
    let cookie = portal.signed_in(OPERATOR).await;
    let answer = portal.send_as(&cookie).await;
    // That the producer does not know the portal is not the visitor's mistake.
    assert_eq!(answer.status(), 502);
    let problem: Problem = answer.json().await.unwrap();
    assert_eq!(problem.kind, "urn:kafkloud:problem:producer-asks-for-token");
    let headers = told.lock().unwrap().pop().unwrap();
    assert_eq!(headers["authorization"], format!("Bearer {OPERATOR}"));
    assert_eq!(headers["kafkloud-actor"], "operator;operator");
}

#[tokio::test]
async fn where_nobody_is_asked_there_is_nothing_to_sign_in_to() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let page = portal.get("/sign-in").await;
    assert_eq!(
        (page.status().as_u16(), &page.headers()["location"]),
        (303, &"/".parse().unwrap())
    );
    let page = portal.page("/").await;
    assert!(
        !page.contains("Sign out") && !page.contains("<fieldset"),
        "{page}"
    );
}
