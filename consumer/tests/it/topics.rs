use contract::cluster::{Retention, TopicDescription, TopicView};
use rdkafka::producer::FutureRecord;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Broker, Consumer, eventually, id, publish};

fn kind(problem: &serde_json::Value) -> &str {
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default()
}

async fn topic(consumer: &Consumer, name: &str) -> Option<TopicView> {
    let (status, topics) = consumer.get("/topics").await;
    assert_eq!(status, 200, "{topics}");
    let topics: Vec<TopicView> = serde_json::from_value(topics).unwrap();
    topics.into_iter().find(|topic| topic.name == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_made_described_and_deleted() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let new = json!({"name": "orders", "partitions": 3, "configs": {"retention.ms": "86400000"}});
    // Somebody looks already.
    assert_eq!(topic(&consumer, "orders").await, None);
    let (status, made) = consumer
        .change(Method::POST, "/topics", Some(new.clone()))
        .await;
    assert_eq!((status, &made["name"]), (201, &json!("orders")), "{made}");
    // The list shows a change at once, however fresh it was.
    let listed = topic(&consumer, "orders").await.unwrap();
    assert_eq!(listed.partitions.len(), 3);
    let day = Retention {
        age_ms: Some(86_400_000),
        ..Retention::default()
    };
    assert_eq!(listed.retention, Some(day));
    let (status, described) = consumer.get("/topics/orders").await;
    assert_eq!(status, 200, "{described}");
    let described: TopicDescription = serde_json::from_value(described).unwrap();
    assert_eq!(described.topic.retention, Some(day));
    let retention = described
        .configs
        .iter()
        .find(|config| config.name == "retention.ms");
    let retention = retention.unwrap();
    assert_eq!(
        (retention.value.as_deref(), retention.is_own),
        (Some("86400000"), true)
    );
    assert!(described.id.is_some());

    let again = consumer.change(Method::POST, "/topics", Some(new)).await;
    assert_eq!((again.0, kind(&again.1)), (409, "topic-exists"));
    let (status, _) = consumer
        .change(Method::DELETE, "/topics/orders", None)
        .await;
    assert_eq!(status, 204);
    assert_eq!(topic(&consumer, "orders").await, None);
    for (method, path) in [
        (Method::DELETE, "/topics/orders"),
        (Method::GET, "/topics/orders"),
    ] {
        let (status, problem) = consumer.change(method, path, None).await;
        assert_eq!((status, kind(&problem)), (404, "unknown-topic"));
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_cannot_be_are_refused() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    for (new, status, expected) in [
        (json!({"name": "a b"}), 400, "invalid-topic"),
        (json!({"name": ".."}), 400, "invalid-topic"),
        (json!({"name": "kafkloud-mine"}), 403, "internal-topic"),
        (json!({"name": "__mine"}), 403, "internal-topic"),
        (json!({"name": "a", "partitions": 0}), 400, "not-possible"),
        (
            json!({"name": "a", "partitions": 1_000_000}),
            400,
            "not-possible",
        ),
        (json!({"name": "a", "replication": 3}), 400, "not-possible"),
        (
            json!({"name": "a", "configs": {"no.such": "1"}}),
            400,
            "not-possible",
        ),
        (json!({"name": "a", "partition": 3}), 422, "invalid-json"),
        (json!({}), 422, "invalid-json"),
    ] {
        let text = new.to_string();
        let (got, problem) = consumer.change(Method::POST, "/topics", Some(new)).await;
        assert_eq!(
            (got, kind(&problem)),
            (status, expected),
            "{text}: {problem}"
        );
    }
    for (path, status, expected) in [
        ("/topics/kafkloud-lifecycle", 403, "internal-topic"),
        ("/topics/__consumer_offsets", 403, "internal-topic"),
        ("/topics/a%20b", 400, "invalid-topic"),
        ("/topics/nothing", 404, "unknown-topic"),
    ] {
        let (got, problem) = consumer.change(Method::DELETE, path, None).await;
        assert_eq!(
            (got, kind(&problem)),
            (status, expected),
            "{path}: {problem}"
        );
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_tells_how_fast_and_how_large_it_is() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    // Key and value, and no headers.
    for value in ["1234567890", "123456789012345678901234567890"] {
        let record = FutureRecord::to("foreign").key(b"12345".as_slice());
        broker.write(record.payload(value.as_bytes())).await;
    }
    publish(&broker.publisher(), "stream", id("a"), "hello").await;
    consumer.consumed(3).await;
    let (size, retention) = eventually(async || {
        let topic = topic(&consumer, "foreign").await?;
        Some((topic.size_bytes?, topic.retention?))
    })
    .await;
    assert_eq!(size, 15 + 35);
    assert!(retention.age_ms.is_some(), "{retention:?}");
    let with_headers = topic(&consumer, "stream").await.unwrap().size_bytes;
    assert!(with_headers > Some(100), "{with_headers:?}");
    let writing = async {
        loop {
            broker.write_foreign("foreign", "more").await;
        }
    };
    let watching = eventually(async || {
        let topic = topic(&consumer, "foreign").await?;
        topic.rate.filter(|rate| *rate > 0.0)
    });
    tokio::select! {
        () = writing => {}
        rate = watching => assert!(rate.is_finite()),
    }
    let described = consumer.get("/topics/foreign").await.1;
    assert!(described["rate"].as_f64() > Some(0.0), "{described}");
    consumer.stop().await;
}
