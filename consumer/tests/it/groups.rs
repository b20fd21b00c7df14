use std::{collections::BTreeSet, time::Duration};

use contract::cluster::{GroupView, OffsetResetOutcome};
use rdkafka::{
    Message,
    consumer::{CommitMode, Consumer as _, StreamConsumer},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Broker, Consumer, eventually, id, publish};

fn kind(problem: &Value) -> &str {
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default()
}

/// A member of a group, of another program.
fn member(broker: &Broker, group: &str) -> StreamConsumer {
    let member: StreamConsumer = broker
        .client()
        .set("group.id", group)
        .set("client.id", "shop-worker")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    member.subscribe(&["orders"]).unwrap();
    member
}

/// Reads so many values and commits them.
async fn read(member: &StreamConsumer, count: usize) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    let reading = async {
        while values.len() < count {
            let message = member.recv().await.unwrap();
            let value = message.payload().unwrap();
            values.insert(String::from_utf8(value.to_vec()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading)
        .await
        .unwrap();
    member.commit_consumer_state(CommitMode::Sync).unwrap();
    values
}

async fn group(consumer: &Consumer, name: &str) -> GroupView {
    let (status, group) = consumer.get(&format!("/groups/{name}")).await;
    assert_eq!(status, 200, "{group}");
    serde_json::from_value(group).unwrap()
}

/// Waits until the group has no members any more.
async fn is_empty(consumer: &Consumer, name: &str) {
    eventually(async || {
        let group = group(consumer, name).await;
        group.members.is_empty().then_some(())
    })
    .await;
}

async fn reset(consumer: &Consumer, body: Value) -> OffsetResetOutcome {
    let text = body.to_string();
    let (status, outcome) = consumer
        .change(Method::POST, "/groups/shop/offsets", Some(body))
        .await;
    assert_eq!(status, 200, "{text}: {outcome}");
    serde_json::from_value(outcome).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_reset_and_reads_again() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let new = json!({"name": "orders", "partitions": 2});
    assert_eq!(
        consumer.change(Method::POST, "/topics", Some(new)).await.0,
        201
    );
    let publisher = broker.publisher();
    for number in 0..10 {
        let name = number.to_string();
        publish(&publisher, "orders", id(&name), &name).await;
    }
    let worker = member(&broker, "shop");
    let all = read(&worker, 10).await;
    let living = group(&consumer, "shop").await;
    assert_eq!((living.state.as_str(), living.lag), ("Stable", 0));
    let [only] = &living.members[..] else {
        panic!("one member: {living:?}")
    };
    assert_eq!(
        (only.client_id.as_str(), only.assigned.len()),
        ("shop-worker", 2)
    );
    assert!(
        only.assigned
            .iter()
            .all(|assigned| assigned.topic == "orders")
    );

    // Its members would go on where they are.
    let to_start = json!({"to": "earliest"});
    for (method, path, body) in [
        (Method::POST, "/groups/shop/offsets", Some(to_start.clone())),
        (Method::DELETE, "/groups/shop", None),
    ] {
        let (status, problem) = consumer.change(method, path, body).await;
        assert_eq!((status, kind(&problem)), (409, "group-in-use"), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("shop-worker") && detail.contains("Stop them"),
            "{detail}"
        );
    }
    drop(worker);
    is_empty(&consumer, "shop").await;

    let preview = reset(&consumer, json!({"to": "earliest", "dry_run": true})).await;
    assert!(preview.dry_run);
    assert_eq!((preview.replays, preview.skips), (10, 0));
    assert_eq!(group(&consumer, "shop").await.lag, 0, "nothing moved");
    let done = reset(&consumer, to_start).await;
    assert_eq!(
        done,
        OffsetResetOutcome {
            dry_run: false,
            ..preview
        }
    );
    assert!(done.partitions.iter().all(|moved| moved.after == 0));
    assert_eq!(group(&consumer, "shop").await.lag, 10);
    let worker = member(&broker, "shop");
    assert_eq!(read(&worker, 10).await, all, "the replay");
    drop(worker);
    is_empty(&consumer, "shop").await;

    let (status, _) = consumer.change(Method::DELETE, "/groups/shop", None).await;
    assert_eq!(status, 204);
    let (status, problem) = consumer.get("/groups/shop").await;
    assert_eq!((status, kind(&problem)), (404, "unknown-group"));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_goes_where_it_is_told() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let publisher = broker.publisher();
    // All with the same key, so in the same partition.
    let mut acks = Vec::new();
    for number in 0..6 {
        let name = number.to_string();
        acks.push(publish(&publisher, "orders", id(&name), &name).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let partition = acks[0].partition;
    let worker = member(&broker, "shop");
    read(&worker, 6).await;
    drop(worker);
    is_empty(&consumer, "shop").await;

    let place = json!([{"topic": "orders", "partition": partition}]);
    for (to, after, moved) in [
        (json!("2"), 2, (4, 0)),
        (json!(4), 4, (0, 2)),
        (json!("latest"), 6, (0, 2)),
        (json!(acks[1].timestamp_ms), 1, (5, 0)),
        (json!(1000), 6, (0, 5)),
        (json!("2000-01-01T00:00:00Z"), 0, (6, 0)),
        (json!("2100-01-01T00:00:00Z"), 6, (0, 6)),
        (json!("earliest"), 0, (6, 0)),
    ] {
        let outcome = reset(&consumer, json!({"to": to, "partitions": place})).await;
        let [only] = &outcome.partitions[..] else {
            panic!("one partition: {outcome:?}")
        };
        assert_eq!(only.after, after, "{to}");
        assert_eq!((outcome.replays, outcome.skips), moved, "{to}");
    }
    // A topic that the group has not read: nobody can tell what that leaves out.
    broker.write_foreign("other", "one").await;
    let outcome = reset(&consumer, json!({"to": "latest", "topics": ["other"]})).await;
    let [other] = &outcome.partitions[..] else {
        panic!("one partition: {outcome:?}")
    };
    assert_eq!((other.before, other.after, other.skips), (None, 1, 0));

    for (group, body, status, expected) in [
        ("shop", json!({"to": "soon"}), 422, "invalid-json"),
        ("shop", json!({"to": -1}), 422, "invalid-json"),
        (
            "shop",
            json!({"to": "latest", "dryrun": true}),
            422,
            "invalid-json",
        ),
        (
            "shop",
            json!({"to": "latest", "topics": ["nothing"]}),
            404,
            "unknown-topic",
        ),
        (
            "shop",
            json!({"to": "latest", "partitions": [{"topic": "orders", "partition": 99}]}),
            404,
            "unknown-partition",
        ),
        ("nobody", json!({"to": "latest"}), 404, "unknown-group"),
        ("a%00b", json!({"to": "latest"}), 404, "unknown-group"),
        (
            "consumer",
            json!({"to": "earliest", "dry_run": true}),
            409,
            "own-group",
        ),
        ("consumer", json!({"to": "earliest"}), 409, "own-group"),
    ] {
        let text = body.to_string();
        let path = format!("/groups/{group}/offsets");
        let (got, problem) = consumer.change(Method::POST, &path, Some(body)).await;
        assert_eq!(
            (got, kind(&problem)),
            (status, expected),
            "{group} {text}: {problem}"
        );
    }
    for (path, status, expected) in [
        ("/groups/consumer", 409, "own-group"),
        ("/groups/nobody", 404, "unknown-group"),
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
async fn a_group_tells_how_fast_it_moves_on() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let writing = async {
        loop {
            broker.write_foreign("orders", "more").await;
        }
    };
    let watching = eventually(async || {
        let groups = consumer.get("/groups").await.1;
        let groups: Vec<GroupView> = serde_json::from_value(groups).unwrap();
        let own = groups.into_iter().find(|group| group.group == "consumer")?;
        own.rate.filter(|rate| *rate > 0.0)
    });
    tokio::select! {
        () = writing => {}
        rate = watching => assert!(rate.is_finite()),
    }
    consumer.stop().await;
}
