use std::path::Path;

use bus::{Admin, KafkaConfig};
use contract::{MessageId, Readiness, Stage};

use crate::harness::{Broker, Consumer, eventually, id, publish};

async fn ready(consumer: &Consumer, wanted: bool) -> Readiness {
    eventually(async || {
        let (_, readiness) = consumer.get("/readyz").await;
        let readiness: Readiness = serde_json::from_value(readiness).ok()?;
        (readiness.ready == wanted).then_some(readiness)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abrupt_end_counts_each_message_once() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    let write = async |from: i64, to: i64| {
        for number in from..to {
            publish(
                &publisher,
                "stream",
                MessageId::of_record("x", 0, number),
                "x",
            )
            .await;
        }
    };
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    write(0, 300).await;
    eventually(async || (consumer.summary().await.n_consumed > 0).then_some(())).await;
    consumer.abort().await;
    write(300, 400).await;
    let consumer = start_again(&broker.kafka(), data.path(), &[]).await;
    consumer.consumed(400).await;
    consumer.stop().await;
    // The group's own offsets do not matter: another group goes on at the positions of the store…
    let consumer = start_again(&broker.kafka(), data.path(), &["--group", "another"]).await;
    write(400, 410).await;
    let summary = consumer.consumed(410).await;
    assert_eq!(summary.stages[&Stage::Accepted], 410);
    consumer.stop().await;
    // …and a store that is thrown away is built anew from Kafka, although the group has read everything.
    let fresh = tempfile::tempdir().unwrap();
    let consumer = Consumer::start(&broker.kafka(), fresh.path()).await;
    consumer.consumed(410).await;
    consumer.stop().await;
}

/// The folder of a consumer that was aborted is free a moment later.
async fn start_again(kafka: &KafkaConfig, data: &Path, arguments: &[&str]) -> Consumer {
    let lock = std::fs::File::create(data.join("lock")).unwrap();
    eventually(async || lock.try_lock().ok()).await;
    drop(lock);
    Consumer::start_with(kafka, data, arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_serves_one_consumer() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    ready(&consumer, true).await;
    let second = Consumer::start(&broker.kafka(), data.path()).await;
    let refusal = second.ended().await.unwrap_err().to_string();
    assert!(refusal.contains("in use by another consumer"), "{refusal}");
    consumer.stop().await;
    // A store of a later version is left alone.
    let path = data.path().join("status.sqlite");
    let store = rusqlite::Connection::open(path).unwrap();
    store.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    let newer = Consumer::start(&broker.kafka(), data.path()).await;
    let refusal = format!("{:#}", newer.ended().await.unwrap_err());
    assert!(refusal.contains("newer version"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_said_and_waited_for() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    publish(&publisher, "stream", id("a"), "before").await;
    let kafka = broker.kafka();
    let (address, log) = broker.stop().await;
    // Away at the start…
    let consumer = Consumer::start(&kafka, data.path()).await;
    let readiness = ready(&consumer, false).await;
    eventually(async || {
        let (_, readiness) = consumer.get("/readyz").await;
        let reason = readiness["checks"]["kafka"]["reason"].as_str()?.to_owned();
        reason.contains("no Kafka broker").then_some(())
    })
    .await;
    assert!(readiness.checks["store"].ready);
    for path in ["/topics", "/groups", "/messages/stream/0/0", "/consume"] {
        let (status, problem) = consumer.get(path).await;
        assert_eq!(status, 503, "{path}: {problem}");
        assert_eq!(problem["type"], "urn:kafkloud:problem:kafka-away");
    }
    assert_eq!(consumer.summary().await.n_consumed, 0);
    let broker = Broker::start_at(address, log).await;
    consumer.life(id("a"), Stage::Consumed).await;
    ready(&consumer, true).await;
    // …and in the middle, while somebody watches.
    let mut viewer = consumer.events("/consume?topics=stream&format=value").await;
    let (address, log) = broker.stop().await;
    ready(&consumer, false).await;
    consumer.life(id("a"), Stage::Consumed).await;
    let broker = Broker::start_at(address, log).await;
    publish(&broker.publisher(), "stream", id("b"), "after").await;
    consumer.life(id("b"), Stage::Consumed).await;
    assert_eq!(viewer.named("streamer").await.data, "after");
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_anew_is_read_from_its_start() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let admin = Admin::new(&broker.kafka(), "test").unwrap();
    let publisher = broker.publisher();
    for name in ["a", "b", "c"] {
        publish(&publisher, "stream", id(name), name).await;
    }
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    consumer.consumed(3).await;
    consumer.stop().await;
    admin.delete_topic("stream").await.unwrap();
    // Longer than the old one, so that only the topic's id tells.
    for name in ["d", "e", "f", "g", "h", "i"] {
        eventually(async || {
            let written = tokio::spawn({
                let publisher = publisher.clone();
                async move { publish(&publisher, "stream", id(name), name).await }
            });
            written.await.ok()
        })
        .await;
    }
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    consumer.life(id("d"), Stage::Consumed).await;
    consumer.life(id("i"), Stage::Consumed).await;
    consumer.consumed(9).await;
    consumer.stop().await;
}
