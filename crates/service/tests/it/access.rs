//! Who is let in, what they may do, and what is told of it.

use std::{
    io,
    sync::{Arc, Mutex},
};

use contract::header;
use reqwest::{Method, RequestBuilder, StatusCode};
use service::{AccessArgs, Audit, Limits, Secret, extract::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Server, problem};

const OPERATOR: &str = "the-token-of-operators";
const VIEWER: &str = "the-token-of-viewers";

#[utoipa::path(get, path = "/things/{name}")]
async fn look(Path(name): Path<String>) -> String {
    name
}

#[utoipa::path(delete, path = "/things/{name}")]
async fn delete(_name: Path<String>) -> &'static str {
    "deleted"
}

#[utoipa::path(post, path = "/ask", security(("token" = ["viewer"])))]
async fn ask() -> &'static str {
    "answered"
}

#[utoipa::path(post, path = "/noted")]
async fn noted(audit: Audit) -> &'static str {
    audit.change("make a thing", "a\nb");
    "made"
}

#[utoipa::path(post, path = "/tried")]
async fn tried(audit: Audit) -> &'static str {
    audit.none();
    "tried"
}

fn api() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(look, delete))
        .routes(routes!(ask))
        .routes(routes!(noted))
        .routes(routes!(tried))
}

async fn start() -> Server {
    let args = AccessArgs {
        api_token: Some(Secret::new(OPERATOR)),
        viewer_token: Some(Secret::new(VIEWER)),
        ..AccessArgs::default()
    };
    let access = args.load().unwrap();
    Server::start_guarded(api(), Limits::default(), access, None).await
}

fn request(server: &Server, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
    let request = reqwest::Client::new().request(method, server.url(path));
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

#[tokio::test]
async fn each_role_may_do_what_it_may() {
    let server = start().await;
    for (method, path, none, viewer, operator) in [
        (Method::GET, "/things/a", 401, 200, 200),
        (Method::HEAD, "/things/a", 401, 200, 200),
        (Method::DELETE, "/things/a", 401, 403, 200),
        (Method::POST, "/ask", 401, 200, 200),
        (Method::POST, "/noted", 401, 403, 200),
        (Method::GET, "/metrics", 401, 200, 200),
        (Method::GET, "/openapi.json", 401, 200, 200),
        (Method::GET, "/docs/", 401, 200, 200),
        (Method::GET, "/nowhere", 401, 404, 404),
        (Method::POST, "/nowhere", 401, 403, 404),
        (Method::POST, "/things/a", 401, 403, 405),
        (Method::GET, "/livez", 200, 200, 200),
        (Method::GET, "/readyz", 200, 200, 200),
        (Method::GET, "/_health", 200, 200, 200),
    ] {
        let wrong = if none == 200 { 200 } else { 401 };
        for (token, expected) in [
            (None, none),
            (Some("a-token-that-is-wrong"), wrong),
            (Some(VIEWER), viewer),
            (Some(OPERATOR), operator),
        ] {
            let answer = request(&server, method.clone(), path, token).send().await;
            let answer = answer.unwrap();
            assert_eq!(
                answer.status().as_u16(),
                expected,
                "{method} {path} {token:?}"
            );
            let challenge = answer.headers().get("www-authenticate");
            let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
            match expected {
                401 if token.is_none() => {
                    assert_eq!(challenge.as_deref(), Some(r#"Bearer realm="kafkloud""#));
                }
                401 => assert!(challenge.unwrap().contains("invalid_token")),
                403 => assert!(challenge.unwrap().contains("insufficient_scope")),
                _ => assert_eq!(challenge, None),
            }
        }
    }
    let unknown = request(&server, Method::GET, "/things/a", None)
        .send()
        .await;
    let unknown = problem(unknown.unwrap()).await;
    assert!(
        unknown.detail.contains("Authorization: Bearer"),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn whoever_guesses_has_to_wait() {
    let server = start().await;
    let show = async |token: &str| {
        let request = request(&server, Method::GET, "/things/a", Some(token));
        request.send().await.unwrap()
    };
    let mut last = None;
    // More than there may be, and a few for those that are made up for while they are sent.
    for i in 0..15 {
        last = Some(show(&format!("guess number {i}")).await);
    }
    let refused = last.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(
        problem(refused).await.kind,
        "urn:kafkloud:problem:too-many-wrong-tokens"
    );
    // What was wrong before is no guess.
    assert_eq!(
        show("guess number 7").await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_operator_acts_for_others_with_no_more_than_they_may() {
    let server = start().await;
    let delete = async |actor: &str| {
        let request = request(&server, Method::DELETE, "/things/a", Some(OPERATOR));
        let answer = request.header(header::ACTOR, actor).send().await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(delete("ada;operator").await, 200);
    assert_eq!(delete("ada;viewer").await, 403);
    assert_eq!(delete("ada").await, 400);
    let raised = request(&server, Method::DELETE, "/things/a", Some(VIEWER));
    let raised = raised.header(header::ACTOR, "ada;operator");
    assert_eq!(raised.send().await.unwrap().status(), 403);
}

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Collects what is logged on this thread, on which the test's server runs too.
    pub(crate) fn start(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn audit_lines(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains(" audit: "));
        lines.map(str::to_owned).collect()
    }
}

fn assert_holds(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part} is missing in: {line}");
    }
}

#[tokio::test]
async fn every_changing_call_is_told_and_no_secret() {
    let log = Log::default();
    let _logging = log.start();
    let server = start().await;
    let send = async |method: Method, path: &str, token: &str, actor: Option<&str>| {
        let mut request = request(&server, method, path, Some(token));
        if let Some(actor) = actor {
            request = request.header(header::ACTOR, actor);
        }
        request.send().await.unwrap();
    };
    send(
        Method::DELETE,
        "/things/orders",
        OPERATOR,
        Some("ada%0A;operator"),
    )
    .await;
    send(Method::DELETE, "/things/orders", VIEWER, None).await;
    send(Method::POST, "/noted", OPERATOR, None).await;
    send(Method::GET, "/things/orders", "a-token-that-is-wrong", None).await;
    // None of these changes anything.
    send(Method::POST, "/tried", OPERATOR, None).await;
    send(Method::POST, "/ask", OPERATOR, None).await;
    send(Method::GET, "/things/orders", OPERATOR, None).await;

    let lines = log.audit_lines();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert_holds(
        &lines[0],
        &[
            "INFO audit: done",
            r#"who="ada\n""#,
            r#"role="operator""#,
            "from=127.0.0.1",
            r#"change="DELETE /things/{name}""#,
            r#"object="orders""#,
            "status=200",
        ],
    );
    assert_holds(
        &lines[1],
        &["WARN audit: refused", r#"who="viewer""#, "status=403"],
    );
    assert_holds(&lines[2], &[r#"change="make a thing""#, r#"object="a\nb""#]);
    assert_holds(&lines[3], &["a wrong token", "from=127.0.0.1"]);
    let text = log.text();
    for secret in [OPERATOR, VIEWER, "a-token-that-is-wrong"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn where_nobody_is_asked_only_what_is_noted_is_told() {
    let log = Log::default();
    let _logging = log.start();
    let server = Server::start(api(), Limits::default()).await;
    for (method, path) in [(Method::DELETE, "/things/a"), (Method::POST, "/noted")] {
        let answer = request(&server, method, path, None).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let lines = log.audit_lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_holds(&lines[0], &[r#"who="anybody""#, r#"change="make a thing""#]);
}
