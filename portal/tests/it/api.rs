use contract::{
    Problem,
    status::{MessageLife, StatusSummary},
};
use serde_json::json;

use crate::{fake_stations::Stations, harness::TestPortal};

#[tokio::test]
async fn outbox_hands_a_message_to_the_producer_unchanged() {
    let stations = Stations::start().await;
    let portal = TestPortal::start(&stations).await;
    let key = "a/b %2F ?#ü";
    let response = portal
        .post_json(&json!({ "topic": "orders", "key": key, "message": "{\"a\": 1}" }))
        .await;
    assert_eq!(response.status(), 201);
    let receipt: contract::Receipt = response.json().await.unwrap();
    assert_eq!((receipt.topic.as_str(), receipt.took_us), ("orders", 842));
    assert_eq!(
        stations.last_produced(),
        ("application/json".to_owned(), "{\"a\": 1}".to_owned())
    );

    let life: MessageLife = portal
        .get(&format!("/api/status/{}", receipt.id))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(life.key.as_deref(), Some(key));

    let without_key = portal.post_json(&json!({ "message": "plain" })).await;
    let receipt: contract::Receipt = without_key.json().await.unwrap();
    assert_eq!(receipt.topic, contract::topic::DEFAULT);
}

#[tokio::test]
async fn status_is_the_consumers() {
    let portal = TestPortal::start(&Stations::start().await).await;
    portal.produce("m").await;
    let summary: StatusSummary = portal.get("/api/status").await.json().await.unwrap();
    assert_eq!(summary.n_consumed, 1235);
    let unknown = portal
        .get("/api/status/0b4f29d2-6f6e-5d0a-9b7e-53f26a51c001")
        .await;
    assert_eq!(unknown.status(), 404);
    assert_eq!(portal.get("/api/status/no-id").await.status(), 400);
}

#[tokio::test]
async fn problems_are_told_as_problems() {
    let portal = TestPortal::start_alone().await;
    let cases = [
        portal
            .post_json(&json!({ "topic": "stream", "message": "m" }))
            .await,
        portal.get("/api/status").await,
        portal.get("/api/consume?topics=stream").await,
    ];
    for response in cases {
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["content-type"], Problem::MEDIA_TYPE);
        let problem: Problem = response.json().await.unwrap();
        assert!(
            problem.kind.ends_with("-away") && problem.detail.contains("make up"),
            "{problem:?}"
        );
    }
    for body in [
        json!({ "topic": "a/b", "message": "m" }),
        json!({ "topic": "", "message": "m" }),
        json!({ "key": "..", "message": "m" }),
    ] {
        assert_eq!(portal.post_json(&body).await.status(), 400, "{body}");
    }
    assert_eq!(
        portal
            .post_json(&json!({ "topic": "stream" }))
            .await
            .status(),
        422
    );
}

#[tokio::test]
async fn operations_are_served_as_by_every_service() {
    let portal = TestPortal::start(&Stations::start().await).await;
    for path in ["/_health", "/livez", "/metrics", "/openapi.json", "/docs/"] {
        assert_eq!(portal.get(path).await.status(), 200, "{path}");
    }
    let openapi: serde_json::Value = portal.get("/openapi.json").await.json().await.unwrap();
    for path in [
        "/api/outbox",
        "/api/consume",
        "/api/status",
        "/api/status/{id}",
        "/api/events",
        "/api/message/{id}",
        "/api/message/{topic}/{partition}/{offset}",
        "/api/seer/ask",
        "/api/seer/accept",
        "/api/seer/load",
        "/api/seer/index",
        "/api/seer/reindex",
    ] {
        assert!(openapi["paths"].get(path).is_some(), "{path}");
    }
}
