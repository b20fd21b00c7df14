use std::time::{Duration, SystemTime};

use contract::{
    LifecycleEvent, MessageId, Stage, Timestamp,
    status::{MessageLife, StatusSummary},
    topic,
};

use crate::harness::{Broker, Consumer, id, publish};

fn stages(life: &MessageLife) -> Vec<Stage> {
    life.stages.iter().map(|reached| reached.stage).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_climbs_to_consumed_and_counts_once() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    let ack = publish(&publisher, "stream", id("a"), "hello").await;
    let life = consumer.life(id("a"), Stage::Consumed).await;
    assert_eq!(
        stages(&life),
        [Stage::Accepted, Stage::Streamed, Stage::Consumed]
    );
    assert!(life.stages.is_sorted_by_key(|reached| reached.at));
    assert_eq!((life.partition, life.offset), (ack.partition, ack.offset));
    assert_eq!(life.key.as_deref(), Some("key"));
    assert_eq!(
        life.trace_id.as_deref(),
        Some("00000000000000000000000000000007")
    );
    // Sent again, as a producer does whose ack was lost: the first record stays the message's.
    publish(&publisher, "stream", id("a"), "hello").await;
    publish(&publisher, "stream", id("b"), "after it").await;
    consumer.life(id("b"), Stage::Consumed).await;
    assert_eq!(consumer.life(id("a"), Stage::Consumed).await, life);
    let summary = consumer.consumed(2).await;
    assert_eq!(summary.stages[&Stage::Accepted], 2);
    assert_eq!(summary.stages[&Stage::Indexed], 0);
    assert!(summary.rates[&Stage::Consumed] > 0.0);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_clients_take_part() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let (partition, offset) = broker.write_foreign("foreign", "from elsewhere").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let id = MessageId::of_record("foreign", partition, offset);
    let life = consumer.life(id, Stage::Consumed).await;
    assert_eq!(stages(&life), [Stage::Streamed, Stage::Consumed]);
    assert_eq!((life.key, life.trace_id), (None, None));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_components_are_folded_even_before_the_record() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    let event = |stage, error: Option<&str>| LifecycleEvent {
        id: id("a"),
        stage,
        at: Timestamp::from(SystemTime::now()),
        component: "seer".to_owned(),
        topic: "stream".to_owned(),
        partition: 0,
        offset: 0,
        took_us: 1234,
        error: error.map(str::to_owned),
        trace_id: None,
    };
    for event in [
        event(Stage::Indexed, None),
        event(Stage::Dead, Some("no luck")),
    ] {
        let value = serde_json::to_string(&event).unwrap();
        publish(&publisher, topic::LIFECYCLE, event.id, &value).await;
    }
    broker
        .write_foreign(topic::LIFECYCLE, "no event at all")
        .await;
    let early = consumer.life(id("a"), Stage::Dead).await;
    assert_eq!(stages(&early), [Stage::Indexed, Stage::Dead]);
    publish(&publisher, "stream", id("a"), "hello").await;
    consumer.consumed(1).await;
    let life = consumer.life(id("a"), Stage::Dead).await;
    assert_eq!((life.stage, life.stages.len()), (Stage::Dead, 5));
    let dead = life
        .stages
        .iter()
        .find(|reached| reached.stage == Stage::Dead);
    let dead = dead.unwrap();
    assert_eq!((dead.component.as_str(), dead.took_us), ("seer", 1234));
    assert_eq!(dead.error.as_deref(), Some("no luck"));
    let summary = consumer.summary().await;
    assert_eq!(
        (
            summary.stages[&Stage::Indexed],
            summary.stages[&Stage::Dead]
        ),
        (1, 1)
    );
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_climbs_live_and_ends_when_done() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let mut ladder = consumer
        .events(&format!("/status/{}/events", id("a")))
        .await;
    let mut two = consumer
        .events(&format!("/events?ids={},{}", id("a"), id("b")))
        .await;
    let mut topic = consumer.events("/events?topics=other").await;
    let publisher = broker.publisher();
    publish(&publisher, "stream", id("a"), "hello").await;
    let life: MessageLife = ladder.named("life").await.json();
    assert_eq!((life.id, life.stage), (id("a"), Stage::Consumed));
    assert_eq!(ladder.next().await, None, "done");
    assert_eq!(two.named("life").await.json::<MessageLife>().id, id("a"));
    publish(&publisher, "other", id("b"), "hello").await;
    assert_eq!(two.named("life").await.json::<MessageLife>().id, id("b"));
    assert_eq!(topic.named("life").await.json::<MessageLife>().id, id("b"));
    // Whoever comes later sees at once how far it is, and the numbers of all.
    let mut late = consumer.events(&format!("/events?ids={}", id("b"))).await;
    assert_eq!(late.named("life").await.json::<MessageLife>().id, id("b"));
    let stats: StatusSummary = late.named("stats").await.json();
    assert_eq!(stats.n_consumed, 2);
    // Streams do not hold up the end.
    consumer.stop().await;
    while late.next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_get_a_clear_answer() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    broker.write_foreign("stream", "only one").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    consumer.consumed(1).await;
    let unknown = id("nobody sent this");
    let too_many = vec![unknown.to_string(); 201].join(",");
    for (path, status, kind) in [
        (format!("/status/{unknown}"), 404, "unknown-message"),
        (
            format!("/status/{unknown}?wait=0.05"),
            404,
            "unknown-message",
        ),
        (format!("/status/{unknown}?wait=-1"), 400, "invalid-wait"),
        (format!("/status/{unknown}?wait=NaN"), 400, "invalid-wait"),
        (
            format!("/status/{unknown}?stage=done"),
            400,
            "invalid-query",
        ),
        ("/status/42".to_owned(), 400, "invalid-id"),
        ("/status/42/events".to_owned(), 400, "invalid-id"),
        ("/events?ids=42".to_owned(), 400, "invalid-id"),
        (format!("/events?ids={too_many}"), 400, "too-many-ids"),
        ("/events?topics=a%20b".to_owned(), 400, "invalid-topic"),
        ("/consume?topics=..".to_owned(), 400, "invalid-topic"),
        ("/consume?from=yesterday".to_owned(), 400, "invalid-from"),
        ("/consume?format=xml".to_owned(), 400, "invalid-query"),
        ("/messages/stream/0/9".to_owned(), 404, "no-record"),
        ("/messages/stream/0/-1".to_owned(), 404, "no-record"),
        ("/messages/stream/77/0".to_owned(), 404, "unknown-partition"),
        ("/messages/nothing/0/0".to_owned(), 404, "unknown-topic"),
        ("/messages/a%20b/0/0".to_owned(), 404, "unknown-topic"),
        ("/messages/stream/x/0".to_owned(), 400, "invalid-path"),
    ] {
        let (got, problem) = consumer.get(&path).await;
        assert_eq!(got, status, "{path}: {problem}");
        let expected = format!("urn:kafkloud:problem:{kind}");
        assert_eq!(problem["type"], expected, "{path}: {problem}");
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_leave_and_counts_stay() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let arguments = ["--retention-count", "3"];
    let consumer = Consumer::start_with(&broker.kafka(), data.path(), &arguments).await;
    let publisher = broker.publisher();
    for name in ["a", "b", "c", "d", "e"] {
        publish(&publisher, "stream", id(name), name).await;
        consumer.life(id(name), Stage::Consumed).await;
    }
    crate::harness::eventually(async || {
        let gone = consumer.get(&format!("/status/{}", id("b"))).await.0 == 404;
        gone.then_some(())
    })
    .await;
    for name in ["c", "d", "e"] {
        consumer.life(id(name), Stage::Consumed).await;
    }
    assert_eq!(consumer.summary().await.n_consumed, 5);
    consumer.stop().await;
    // By age: everything is old after no time at all.
    let arguments = ["--retention-age", "0s"];
    let consumer = Consumer::start_with(&broker.kafka(), data.path(), &arguments).await;
    publish(&publisher, "stream", id("f"), "f").await;
    consumer.consumed(6).await;
    crate::harness::eventually(async || {
        let gone = consumer.get(&format!("/status/{}", id("e"))).await.0 == 404;
        gone.then_some(())
    })
    .await;
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_topic_is_picked_up() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    broker.write_foreign("old", "before").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    consumer.consumed(1).await;
    broker.write_foreign("brand-new", "after").await;
    let started = std::time::Instant::now();
    consumer.consumed(2).await;
    tracing::info!(took = ?started.elapsed(), "picked up");
    // What belongs to the platform is no message.
    broker
        .write_foreign(topic::DEAD_LETTER, "not counted")
        .await;
    broker.write_foreign("newer", "counted").await;
    consumer.consumed(3).await;
    tokio::time::timeout(Duration::from_secs(30), consumer.stop())
        .await
        .unwrap();
}
