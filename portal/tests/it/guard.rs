use crate::{fake_stations::Stations, harness::TestPortal};

async fn status_with(portal: &TestPortal, header: &str, value: &str) -> u16 {
    let body = serde_json::json!({ "topic": "stream", "message": "m" });
    let request = portal.client.post(portal.url("/api/outbox")).json(&body);
    request
        .header(header, value)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn other_names_are_not_answered() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let port = portal.address.port();
    for host in [format!("localhost:{port}"), "portal.example".to_owned()] {
        assert_eq!(status_with(&portal, "host", &host).await, 201, "{host}");
    }
    for host in [format!("evil.example:{port}"), "localhost:1".to_owned()] {
        assert_eq!(status_with(&portal, "host", &host).await, 421, "{host}");
    }
    let page = portal
        .client
        .get(portal.url("/"))
        .header("host", "evil.example");
    let refused = page.send().await.unwrap();
    assert_eq!(refused.status(), 421);
    let headers = refused.headers();
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn other_websites_may_not_send_messages() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let own = portal.url("");
    assert_eq!(status_with(&portal, "origin", &own).await, 201);
    assert_eq!(
        status_with(&portal, "sec-fetch-site", "same-origin").await,
        201
    );
    for (header, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(
            status_with(&portal, header, value).await,
            403,
            "{header}: {value}"
        );
    }
}

#[tokio::test]
async fn every_answer_is_strict() {
    let portal = TestPortal::start(&Stations::start().await).await;
    for path in [
        "/",
        "/api/status",
        "/nowhere",
        "/docs/",
        "/openapi.json",
        "/metrics",
    ] {
        let response = portal.get(path).await;
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
    }
}
