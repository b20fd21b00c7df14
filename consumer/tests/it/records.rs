use contract::{
    MessageId,
    cluster::{GroupView, TopicView},
    record::RecordView,
};

use crate::harness::{Broker, Consumer, Event, Events, eventually, id, publish};

async fn value(events: &mut Events) -> (String, Event) {
    let event = events.named("streamer").await;
    let record: RecordView = event.json();
    (record.value.unwrap(), event)
}

#[tokio::test(flavor = "multi_thread")]
async fn live_viewers_see_what_comes_and_no_more() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    broker.write_foreign("a", "before").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let mut all = consumer.events("/consume").await;
    let mut only_a = consumer
        .events("/consume?topics=a,later&format=value")
        .await;
    let (partition, offset) = broker.write_foreign("a", "one").await;
    let (text, event) = value(&mut all).await;
    assert_eq!(text, "one");
    let record: RecordView = event.json();
    assert_eq!(record.id, MessageId::of_record("a", partition, offset));
    assert!(
        event.id.starts_with(&format!("a:{partition}:{offset}")),
        "{}",
        event.id
    );
    assert_eq!(only_a.named("streamer").await.data, "one");
    broker.write_foreign("b", "two").await;
    assert_eq!(value(&mut all).await.0, "two");
    // A topic that is made while somebody watches is seen from its first record.
    broker.write_foreign("later", "three\nlines\nof text").await;
    assert_eq!(only_a.named("streamer").await.data, "three\nlines\nof text");
    consumer.stop().await;
    assert_eq!(only_a.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_goes_on_where_it_was() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    for name in ["1", "2", "3"] {
        publish(&publisher, "a", id(name), name).await;
    }
    publish(&publisher, "b", id("b1"), "b1").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let path = "/consume?topics=a,b,c&from=earliest";
    let mut seen = Vec::new();
    let mut events = consumer.events(path).await;
    let last = loop {
        let (text, event) = value(&mut events).await;
        seen.push(text);
        if seen.len() == 3 {
            break event.id;
        }
    };
    drop(events);
    // Written while nobody watches, one of them to a topic that is new.
    publish(&publisher, "b", id("b2"), "b2").await;
    publish(&publisher, "c", id("c1"), "c1").await;
    let mut events = consumer.events_after(path, Some(&last)).await;
    while seen.len() < 6 {
        seen.push(value(&mut events).await.0);
    }
    // And live from there on.
    publish(&publisher, "a", id("4"), "4").await;
    seen.push(value(&mut events).await.0);
    seen.sort();
    assert_eq!(seen, ["1", "2", "3", "4", "b1", "b2", "c1"]);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_in_the_past_is_an_offset_or_a_time() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    let mut acks = Vec::new();
    for name in ["1", "2", "3"] {
        acks.push(publish(&publisher, "a", id(name), name).await);
        // The next one has a later timestamp.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let by_time = format!("/consume?topics=a&from={}", acks[1].timestamp_ms);
    let by_offset = format!("/consume?topics=a&from={}", acks[1].offset);
    for path in [by_time, by_offset] {
        let mut events = consumer.events(&path).await;
        assert_eq!(value(&mut events).await.0, "2", "{path}");
        assert_eq!(value(&mut events).await.0, "3", "{path}");
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_records_have_room_for_so_many_readers() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    broker.write_foreign("a", "one").await;
    let arguments = ["--streams-max", "1"];
    let consumer = Consumer::start_with(&broker.kafka(), data.path(), &arguments).await;
    let mut first = consumer.events("/consume?topics=a&from=earliest").await;
    assert_eq!(value(&mut first).await.0, "one");
    let url = format!("{}/consume?topics=a", consumer.url);
    let refused = consumer.http.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    drop(first);
    eventually(async || {
        let response = consumer.http.get(&url).send().await.unwrap();
        (response.status() == 200).then_some(())
    })
    .await;
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_again_and_the_cluster_is_told() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    publish(&publisher, "stream", id("a"), "first").await;
    let ack = publish(&publisher, "stream", id("b"), "second").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    consumer.consumed(2).await;
    let path = format!("/messages/stream/{}/{}", ack.partition, ack.offset);
    let (status, record) = consumer.get(&path).await;
    assert_eq!(status, 200, "{record}");
    let record: RecordView = serde_json::from_value(record).unwrap();
    assert_eq!(
        (record.id, record.value.as_deref()),
        (id("b"), Some("second"))
    );
    let topics: Vec<TopicView> = serde_json::from_value(consumer.get("/topics").await.1).unwrap();
    let stream = topics.iter().find(|topic| topic.name == "stream").unwrap();
    assert_eq!((stream.records, stream.internal), (2, false));
    let group = eventually(async || {
        let groups = consumer.get("/groups").await.1;
        let groups: Vec<GroupView> = serde_json::from_value(groups).unwrap();
        let group = groups.into_iter().find(|group| group.group == "consumer")?;
        // Committed once a second.
        (group.lag == 0 && !group.partitions.is_empty()).then_some(group)
    })
    .await;
    assert_eq!((group.state.as_str(), group.members.len()), ("Stable", 1));
    // Asked at most once a second.
    eventually(async || {
        let lag = consumer.summary().await.lag;
        (lag.get("consumer") == Some(&0)).then_some(())
    })
    .await;
    consumer.stop().await;
}
