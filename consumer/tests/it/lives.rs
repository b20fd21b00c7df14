use std::time::SystemTime;

use bus::Publisher;
use contract::{
    LifecycleEvent, MessageId, Stage, Timestamp,
    status::{LifeList, LifeStats, MessageLife},
    topic,
};

use crate::harness::{Broker, Consumer, eventually, id, publish};

async fn search(consumer: &Consumer, query: &str) -> LifeList {
    let (status, list) = consumer.get(&format!("/lives?{query}")).await;
    assert_eq!(status, 200, "{query}: {list}");
    serde_json::from_value(list).unwrap()
}

fn ids(list: &LifeList) -> Vec<MessageId> {
    list.lives.iter().map(|life| life.id).collect()
}

/// Says as the seer does that it is done with a message.
async fn report(publisher: &Publisher, id: MessageId, stage: Stage, error: Option<&str>) {
    let event = LifecycleEvent {
        id,
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
    let value = serde_json::to_string(&event).unwrap();
    publish(publisher, topic::LIFECYCLE, id, &value).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_found_by_what_is_known_of_them() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    for name in ["a", "b", "c", "d"] {
        publish(&publisher, "stream", id(name), name).await;
        consumer.life(id(name), Stage::Consumed).await;
    }
    let (partition, offset) = broker.write_foreign("other", "without key").await;
    let foreign = MessageId::of_record("other", partition, offset);
    consumer.life(foreign, Stage::Consumed).await;
    report(&publisher, id("a"), Stage::Indexed, None).await;
    report(&publisher, id("b"), Stage::Dead, Some("100% broken")).await;
    let not_text = Some("not text: binary");
    report(&publisher, id("c"), Stage::Indexed, not_text).await;
    for name in ["a", "b", "c"] {
        consumer.life(id(name), Stage::Indexed).await;
    }
    let tomorrow = Timestamp::from_micros(
        Timestamp::from(SystemTime::now()).as_micros() + 24 * 3600 * 1_000_000,
    );
    let (a, b, c, d) = (id("a"), id("b"), id("c"), id("d"));
    let expected: &[(&str, &[MessageId])] = &[
        ("", &[foreign, d, c, b, a]),
        ("topic=stream", &[d, c, b, a]),
        ("topic=nothing", &[]),
        ("key=key", &[d, c, b, a]),
        ("key=ke", &[]),
        ("text=KE", &[d, c, b, a]),
        ("text=100%25", &[b]),
        ("text=10%25b", &[]),
        ("text=binary&topic=stream", &[c]),
        ("failed=true", &[c, b]),
        ("stage=dead", &[b]),
        ("stage=indexed", &[c, a]),
        ("stage=consumed", &[foreign, d]),
        ("stage=streamed", &[]),
        ("stuck=true", &[]),
        ("stuck=true&stuck_after=0", &[foreign, d]),
        ("stuck_after=0&reached=consumed", &[]),
        ("stuck_after=0&reached=dead&topic=stream", &[d, c, a]),
        ("since=2020-01-01T00:00:00Z&topic=other", &[foreign]),
        ("until=2020-01-01T00:00:00Z", &[]),
        (&format!("since={tomorrow}"), &[]),
        (
            &format!("until={}&key=key", tomorrow.as_millis()),
            &[d, c, b, a],
        ),
    ];
    for (query, expected) in expected {
        let list = search(&consumer, query).await;
        assert_eq!(ids(&list), *expected, "{query}");
        assert_eq!(list.total, expected.len() as u64, "{query}");
    }
    let page = search(&consumer, "limit=2").await;
    assert_eq!((ids(&page), page.total), (vec![foreign, d], 5));
    let page = search(&consumer, &format!("limit=2&before={d}")).await;
    assert_eq!((ids(&page), page.total), (vec![c, b], 5));
    let gone = search(&consumer, &format!("before={}", id("never sent"))).await;
    assert_eq!((ids(&gone), gone.total), (vec![], 5));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_and_answers_are_done_when_consumed() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    for name in [topic::SEER_QUESTION, topic::SEER_ANSWER, "stream"] {
        publish(&publisher, name, id(name), name).await;
        consumer.life(id(name), Stage::Consumed).await;
    }
    let stuck = search(&consumer, "stuck_after=0").await;
    assert_eq!((ids(&stuck), stuck.total), (vec![id("stream")], 1));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_that_cannot_be_are_refused() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    for (query, kind) in [
        ("limit=0", "invalid-limit"),
        ("limit=101", "invalid-limit"),
        ("limit=many", "invalid-query"),
        ("since=yesterday", "invalid-time"),
        ("until=2026-01-31", "invalid-time"),
        ("stuck_after=-1", "invalid-stuck-after"),
        ("stuck=perhaps", "invalid-query"),
        ("stage=done", "invalid-query"),
        ("before=42", "invalid-id"),
    ] {
        let (status, problem) = consumer.get(&format!("/lives?{query}")).await;
        assert_eq!(status, 400, "{query}: {problem}");
        let expected = format!("urn:kafkloud:problem:{kind}");
        assert_eq!(problem["type"], expected, "{query}: {problem}");
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_waited_for_until_it_is_indexed() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    let mut ladder = consumer
        .events(&format!("/status/{}/events?stage=indexed", id("a")))
        .await;
    publish(&publisher, "stream", id("a"), "hello").await;
    let life: MessageLife = ladder.named("life").await.json();
    assert_eq!(life.stage, Stage::Consumed);
    // Short of the stage, the answer tells how far it is.
    let path = format!("/status/{}?stage=indexed", id("a"));
    let (status, life) = consumer.get(&path).await;
    assert_eq!((status, &life["stage"]), (200, &"consumed".into()));
    let wait = consumer.life(id("a"), Stage::Indexed);
    let ((), life) = tokio::join!(
        report(
            &publisher,
            id("a"),
            Stage::Indexed,
            Some("not text: binary")
        ),
        wait
    );
    let indexed = life.stages.last().unwrap();
    assert_eq!(
        (life.stage, indexed.stage),
        (Stage::Indexed, Stage::Indexed)
    );
    assert_eq!(indexed.component, "seer");
    assert_eq!(indexed.error.as_deref(), Some("not text: binary"));
    assert_eq!(ladder.named("life").await.json::<MessageLife>(), life);
    assert_eq!(ladder.next().await, None, "done");
    eventually(async || {
        let summary = consumer.summary().await;
        (summary.stages[&Stage::Indexed] == 1).then_some(())
    })
    .await;
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lives_are_counted_over_time() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    for name in ["a", "b", "c"] {
        publish(&publisher, "stream", id(name), name).await;
        consumer.life(id(name), Stage::Consumed).await;
    }
    broker.write_foreign("other", "of another client").await;
    report(&publisher, id("a"), Stage::Indexed, None).await;
    consumer.life(id("a"), Stage::Indexed).await;
    consumer.consumed(4).await;
    let stats = async |query: &str| -> LifeStats {
        let (status, stats) = consumer.get(&format!("/lives/stats?{query}")).await;
        assert_eq!(status, 200, "{query}: {stats}");
        serde_json::from_value(stats).unwrap()
    };
    let all = stats("").await;
    assert_eq!((all.messages, all.complete), (4, true));
    let sum = |stage| all.reached[&stage].iter().sum::<u64>();
    assert_eq!(all.reached[&Stage::Streamed].len(), 60);
    assert_eq!(
        (
            sum(Stage::Accepted),
            sum(Stage::Consumed),
            sum(Stage::Indexed)
        ),
        (3, 4, 1)
    );
    let steps: Vec<_> = all
        .steps
        .iter()
        .map(|step| (step.from, step.to, step.messages))
        .collect();
    assert_eq!(
        steps,
        [
            (Stage::Accepted, Stage::Streamed, 3),
            (Stage::Streamed, Stage::Consumed, 4),
            (Stage::Consumed, Stage::Indexed, 1),
            (Stage::Accepted, Stage::Indexed, 1),
        ]
    );
    let stream = stats("topic=stream&buckets=1").await;
    assert_eq!(stream.messages, 3);
    assert_eq!(stream.reached[&Stage::Consumed], [3]);
    let before = stats("since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z").await;
    assert_eq!((before.messages, before.steps[0].p99_us), (0, 0));
    assert_eq!(before.bucket_us, 24 * 3600 * 1_000_000 / 60);
    for (query, kind) in [
        ("since=yesterday", "invalid-time"),
        ("since=2100-01-01T00:00:00Z", "invalid-time"),
        ("buckets=0", "invalid-buckets"),
        ("buckets=501", "invalid-buckets"),
    ] {
        let (status, problem) = consumer.get(&format!("/lives/stats?{query}")).await;
        let expected = format!("urn:kafkloud:problem:{kind}");
        assert_eq!(
            (status, problem["type"].as_str()),
            (400, Some(expected.as_str()))
        );
    }
    consumer.stop().await;
}
