use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, Router, extract::Path, routing::get};
use contract::{Receipt, status::MessageLife};
use reqwest::StatusCode;
use serde_json::json;
use service::CancellationToken;

use crate::stack::{Stack, listen};

/// Stands for the consumer: knows a message from the second question on, and has consumed it.
async fn consumer(stop: CancellationToken) -> String {
    let listener = listen().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicBool::new(false));
    let life = async move |Path(id): Path<String>| {
        if !asked.swap(true, Ordering::Relaxed) {
            return Err(StatusCode::NOT_FOUND);
        }
        let at = "2026-01-31T09:30:00.000000Z";
        Ok(Json(json!({
            "id": id, "topic": "stream", "partition": 0, "offset": 0, "stage": "consumed",
            "stages": [{"stage": "consumed", "at": at, "component": "consumer", "took_us": 1}],
        })))
    };
    let router = Router::new().route("/status/{id}", get(life));
    tokio::spawn(service::serve_http(listener, router, None, stop));
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_waits_until_the_message_is_consumed() {
    let stop = CancellationToken::new();
    let consumer = consumer(stop.clone()).await;
    let stack = Stack::start(&["--consumer-url", &consumer]).await;
    let request = stack.post("/produce").header("Prefer", "wait=20");
    let answer = request.body("x").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let life: MessageLife = answer.json().await.unwrap();
    assert_eq!((life.topic.as_str(), life.offset), ("stream", 0));
    stop.cancel();
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_consumer_the_receipt_comes_at_once() {
    let nobody = free_ports::address();
    let stack = Stack::start(&["--consumer-url", &format!("http://{nobody}")]).await;
    let request = stack.post("/produce").header("Prefer", "wait=20");
    let answer = request.body("x").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.json::<Receipt>().await.unwrap().offset, 0);
    stack.stop_producer().await;
}
