use contract::{Problem, Receipt, header};
use rdkafka::{
    Message,
    message::{Headers, OwnedMessage},
};
use reqwest::StatusCode;

use crate::stack::{Stack, values};

fn header<'a>(record: &'a OwnedMessage, name: &str) -> Option<&'a str> {
    let headers = record.headers()?;
    let header = headers.iter().find(|header| header.key == name)?;
    std::str::from_utf8(header.value?).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_what_was_sent_and_the_receipt_leads_to_it() {
    let stack = Stack::start(&["--public-status-url", "http://portal.example/status/"]).await;
    let body: &[u8] = b"\x00\xff not JSON { \n";
    let answer = stack
        .post("/produce/orders/eu%2F42%ff")
        .header("content-type", "\"odd")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let receipt: Receipt = answer.json().await.unwrap();
    assert_eq!(location, receipt.status);
    assert_eq!(
        receipt.status,
        format!("http://portal.example/status/{}", receipt.id)
    );
    assert_eq!(receipt.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (receipt.topic.as_str(), receipt.partition, receipt.offset),
        ("orders", 0, 0)
    );

    let record = &stack.records("orders", 1).await[0];
    assert_eq!(record.payload(), Some(body));
    assert_eq!(record.key(), Some(b"eu/42\xff".as_slice()));
    assert_eq!(record.timestamp().to_millis(), Some(receipt.timestamp));
    assert_eq!(
        header(record, header::ID),
        Some(receipt.id.to_string().as_str())
    );
    assert_eq!(header(record, header::CONTENT_TYPE), Some("\"odd"));
    assert!(header(record, header::ACCEPTED_AT).unwrap().ends_with('Z'));
    let traceparent = header(record, header::TRACEPARENT).unwrap();
    assert!(traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert!(
        !traceparent.contains("00f067aa0ba902b7"),
        "a span of its own"
    );
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_has_the_headers_that_its_caller_gave() {
    let stack = Stack::start(&[]).await;
    let given = |path: &str, media_type: &str, header: &'static str| {
        let request = stack.post(path).header("content-type", media_type);
        request.header(header::GIVEN, header)
    };
    let answer = given("/produce/orders", "text/plain", "Source=web%20shop")
        .header(header::GIVEN, "retries=0")
        .body("one")
        .send();
    assert_eq!(answer.await.unwrap().status(), StatusCode::CREATED);
    let answer = given("/produce/orders", "application/x-ndjson", "Source=file")
        .body("2\n3\n")
        .send();
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    let records = stack.records("orders", 3).await;
    let sources: Vec<_> = records
        .iter()
        .map(|record| header(record, "Source"))
        .collect();
    assert_eq!(sources, [Some("web shop"), Some("file"), Some("file")]);
    assert_eq!(header(&records[0], "retries"), Some("0"));
    assert_eq!(header(&records[1], "retries"), None);

    let refused = given("/produce/orders", "text/plain", "kafkloud-id=x")
        .body("four")
        .send();
    assert_eq!(refused.await.unwrap().status(), StatusCode::BAD_REQUEST);
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_clear_answer_and_writes_nothing() {
    let stack = Stack::start(&[]).await;
    for (path, body, status, kind) in [
        ("/produce/a%20b", "x".to_owned(), 400, "invalid-topic"),
        (
            "/produce/kafkloud-lifecycle",
            "x".to_owned(),
            400,
            "invalid-topic",
        ),
        (
            "/produce/__consumer_offsets",
            "x".to_owned(),
            400,
            "invalid-topic",
        ),
        ("/produce/stream/50%", "x".to_owned(), 400, "invalid-escape"),
        ("/produce", String::new(), 400, "empty-body"),
        ("/produce", "x".repeat(1001), 413, "too-large"),
        ("/produce/stream/a/b", "x".to_owned(), 404, "unknown-route"),
    ] {
        let answer = stack.post(path).body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(
            answer.headers()["content-type"],
            Problem::MEDIA_TYPE,
            "{path}"
        );
        let problem: Problem = answer.json().await.unwrap();
        assert_eq!(
            problem.kind,
            format!("urn:kafkloud:problem:{kind}"),
            "{path}"
        );
    }
    let largest = stack
        .post("/produce")
        .body("x".repeat(1000))
        .send()
        .await
        .unwrap();
    assert_eq!(largest.status(), StatusCode::CREATED);
    assert_eq!(largest.json::<Receipt>().await.unwrap().offset, 0);
    assert_eq!(
        values(&stack.records("stream", 1).await),
        ["x".repeat(1000).as_bytes()]
    );
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_offers_and_counts_is_told() {
    let stack = Stack::start(&[]).await;
    stack.post("/produce").body("x").send().await.unwrap();
    let openapi: serde_json::Value = stack.get("/openapi.json").await.json().await.unwrap();
    for path in ["/produce", "/produce/{topic}", "/produce/{topic}/{key}"] {
        assert!(openapi["paths"][path]["post"].is_object(), "{path}");
    }
    let metrics = stack.get("/metrics").await.text().await.unwrap();
    for name in [
        "producer_records_total",
        "producer_bytes_total",
        "producer_errors_total",
    ] {
        assert!(metrics.contains(name), "{name}");
    }
    stack.stop_producer().await;
}
