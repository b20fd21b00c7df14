//! Serves a small router on a free port and looks at what callers get.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod access;
mod tls;

use std::{net::SocketAddr, sync::Once, time::Duration};

use axum::routing::{get, post};
use contract::{Problem, Readiness};
use service::{
    Access, CancellationToken, Limits, Tls, extract::Body, health::Health, router, serve_api,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use utoipa_axum::router::OpenApiRouter;

/// A line of the log that nobody wants when some test first comes by it may be passed over in all tests: from here on somebody
/// wants each.
fn hear_every_line() {
    static HEARD: Once = Once::new();
    HEARD.call_once(|| {
        let nowhere = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(std::io::sink);
        tracing::subscriber::set_global_default(nowhere.finish()).unwrap();
    });
}

struct Server {
    address: SocketAddr,
    health: Health,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    async fn start(api: OpenApiRouter, limits: Limits) -> Self {
        Self::start_guarded(api, limits, Access::default(), None).await
    }

    async fn start_guarded(
        api: OpenApiRouter,
        limits: Limits,
        access: Access,
        tls: Option<Tls>,
    ) -> Self {
        hear_every_line();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (health, stop) = (Health::default(), CancellationToken::new());
        let router = router("test", api, health.clone(), limits, access);
        let task = tokio::spawn(serve_api(listener, router, tls, stop.clone()));
        Self {
            address,
            health,
            stop,
            task,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the server sends back to these bytes until it closes the connection.
    async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is as good as a close.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

async fn problem(response: reqwest::Response) -> Problem {
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(media_type, Problem::MEDIA_TYPE);
    let problem: Problem = response.json().await.unwrap();
    assert_eq!(problem.status, status);
    problem
}

#[tokio::test]
async fn errors_are_problems() {
    let api = OpenApiRouter::new()
        .route("/echo", post(async |Body(body): Body| body))
        .route(
            "/panic",
            get(async || -> &'static str { panic!("the secret cause") }),
        )
        .route("/slow", get(async || std::future::pending::<()>().await));
    let limits = Limits {
        body_bytes: 10,
        response: Duration::from_millis(50),
    };
    let server = Server::start(api, limits).await;
    let client = reqwest::Client::new();

    let unknown = reqwest::get(server.url("/nowhere")).await.unwrap();
    assert_eq!(problem(unknown).await.status, 404);
    let method = reqwest::get(server.url("/echo")).await.unwrap();
    assert_eq!(method.headers()["allow"], "POST");
    assert_eq!(problem(method).await.status, 405);
    let large = client.post(server.url("/echo")).body("12345678901");
    assert_eq!(problem(large.send().await.unwrap()).await.status, 413);
    let panic = problem(reqwest::get(server.url("/panic")).await.unwrap()).await;
    assert_eq!(panic.status, 500);
    assert!(!panic.detail.contains("secret"), "{}", panic.detail);
    let slow = reqwest::get(server.url("/slow")).await.unwrap();
    assert_eq!(slow.headers()["retry-after"], "1");
    assert_eq!(problem(slow).await.status, 503);

    let headers = "x: y\r\n".repeat(101);
    let answer = server
        .raw(&format!("GET /livez HTTP/1.1\r\n{headers}\r\n"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn who_is_refused_while_sending_hears_why() {
    let api = OpenApiRouter::new().route("/echo", post(async |Body(body): Body| body));
    let server = Server::start(api, Limits::default()).await;
    // More than the buffers between the two hold. It sends everything before it listens, as many clients do.
    let body = "x".repeat(8_000_000);
    for (path, status) in [("/echo", "413"), ("/nowhere", "404")] {
        let answer = server
            .raw(&format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                server.address,
                body.len()
            ))
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn every_service_tells_its_health_metrics_and_interface() {
    let server = Server::start(OpenApiRouter::new(), Limits::default()).await;
    let kafka = server.health.check("kafka");

    let starting = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(starting.status(), 503);
    let readiness: Readiness = starting.json().await.unwrap();
    assert_eq!(
        readiness.checks["kafka"].reason.as_deref(),
        Some("starting")
    );
    kafka.ready();
    for path in ["/readyz", "/livez", "/_health", "/metrics", "/docs/"] {
        let response = reqwest::get(server.url(path)).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
    }
    let interface = reqwest::get(server.url("/openapi.json")).await.unwrap();
    let interface: serde_json::Value = interface.json().await.unwrap();
    assert!(interface["paths"]["/readyz"]["get"]["responses"]["503"].is_object());
}

#[tokio::test]
async fn a_stop_lets_the_request_in_progress_finish() {
    let (entered, is_in) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let once = std::sync::Mutex::new(Some((entered, released)));
    let once = std::sync::Arc::new(once);
    let handler = async move || {
        let (entered, released) = once.lock().unwrap().take().unwrap();
        entered.send(()).unwrap();
        released.await.unwrap();
        "finished"
    };
    let api = OpenApiRouter::new().route("/work", get(handler));
    let server = Server::start(api, Limits::default()).await;

    let answer = tokio::spawn(reqwest::get(server.url("/work")));
    is_in.await.unwrap();
    server.stop.cancel();
    release.send(()).unwrap();
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "finished");
    server.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn another_website_gets_nothing_done() {
    let server = Server::start(OpenApiRouter::new(), Limits::default()).await;
    let send = async |method: &str, name: &'static str, value: &str| {
        let request = reqwest::Client::new().request(method.parse().unwrap(), server.url("/livez"));
        request.header(name, value).send().await.unwrap()
    };
    // A name of its own that it makes lead to this machine…
    let port = server.address.port();
    let rebound = send("GET", "host", &format!("evil.example:{port}")).await;
    let rebound = problem(rebound).await;
    assert_eq!(
        (rebound.status, rebound.kind.as_str()),
        (421, "urn:kafkloud:problem:unknown-host")
    );
    // …or a form that it sends here.
    let foreign = problem(send("POST", "origin", "http://evil.example").await).await;
    assert_eq!(
        (foreign.status, foreign.kind.as_str()),
        (403, "urn:kafkloud:problem:foreign-origin")
    );
    // A program's request goes through.
    assert_eq!(send("GET", "accept", "*/*").await.status(), 200);
    server.stop.cancel();
    server.task.await.unwrap().unwrap();
}
