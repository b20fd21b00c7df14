use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use crate::broker::{DEADLINE, TIMESTAMP, TestBroker};

fn config(broker: &TestBroker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.address.to_string());
    config
}

fn producer(broker: &TestBroker, compression: &str) -> FutureProducer {
    config(broker)
        .set("enable.idempotence", "true")
        .set("compression.type", compression)
        .set("linger.ms", "0")
        .create()
        .expect("a producer")
}

async fn send(producer: &FutureProducer, topic: &str, key: &str, value: &str) -> (i32, i64) {
    let record = FutureRecord::to(topic).key(key).payload(value);
    let delivery = producer
        .send(record, DEADLINE)
        .await
        .map_err(|(error, _)| error)
        .expect("acked");
    (delivery.partition, delivery.offset)
}

/// Reads `count` messages of all partitions from the beginning: values by partition and offset.
async fn consume(
    broker: &TestBroker,
    topic: &str,
    partitions: i32,
    count: usize,
) -> BTreeMap<(i32, i64), String> {
    let consumer: StreamConsumer = config(broker)
        .set("group.id", "unused")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment
            .add_partition_offset(topic, partition, Offset::Beginning)
            .expect("an offset");
    }
    consumer.assign(&assignment).expect("assigned");
    let mut read = BTreeMap::new();
    while read.len() < count {
        let message = tokio::time::timeout(DEADLINE, consumer.recv())
            .await
            .expect("in time");
        let message = message.expect("a message");
        let value = message
            .payload_view::<str>()
            .expect("a value")
            .expect("text")
            .to_owned();
        read.insert((message.partition(), message.offset()), value);
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn librdkafka_produces_and_consumes() {
    let broker = TestBroker::start().await;
    let admin: AdminClient<DefaultClientContext> =
        config(&broker).create().expect("an admin client");
    let topic = NewTopic::new("t", 4, TopicReplication::Fixed(1));
    let created = admin
        .create_topics(&[topic], &AdminOptions::new())
        .await
        .expect("answered");
    created[0].as_ref().expect("created");
    for (round, compression) in ["none", "zstd", "gzip"].into_iter().enumerate() {
        let producer = producer(&broker, compression);
        let mut sent = BTreeMap::new();
        for at in 0..200 {
            let value = format!("{compression} {at}");
            let place = send(&producer, "t", &at.to_string(), &value).await;
            assert_eq!(
                sent.insert(place, value),
                None,
                "each message has a place of its own"
            );
        }
        let read = consume(&broker, "t", 4, 200 * (round + 1)).await;
        for (place, value) in sent {
            assert_eq!(read.get(&place), Some(&value));
        }
    }
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librdkafka_goes_on_after_a_restart() {
    let broker = TestBroker::start_with(|config| config.default_partitions = 1).await;
    let before = producer(&broker, "none");
    let expected: Vec<String> = (0..100).map(|at| at.to_string()).collect();
    for value in &expected[..50] {
        send(&before, "made-on-demand", "key", value).await;
    }
    let broker = broker.restart(|_| {}).await;
    // The free port is another one now, so a new client: what it finds is what counts.
    let after = producer(&broker, "none");
    for value in &expected[50..] {
        send(&after, "made-on-demand", "key", value).await;
    }
    after.flush(Duration::from_secs(5)).expect("flushed");
    let read: Vec<String> = consume(&broker, "made-on-demand", 1, 100)
        .await
        .into_values()
        .collect();
    assert_eq!(read, expected);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librdkafka_finds_offsets_by_time() {
    let broker = TestBroker::start().await;
    let producer = producer(&broker, "none");
    for at in 1..=10 {
        let value = at.to_string();
        let record = FutureRecord::<(), str>::to("t")
            .payload(&value)
            .timestamp(TIMESTAMP + at * 1_000);
        producer
            .send(record, DEADLINE)
            .await
            .map_err(|(error, _)| error)
            .expect("acked");
    }
    let consumer: StreamConsumer = config(&broker)
        .set("group.id", "unused")
        .create()
        .expect("a consumer");
    let mut asked = TopicPartitionList::new();
    asked
        .add_partition_offset("t", 0, Offset::Offset(TIMESTAMP + 5_500))
        .expect("a time");
    let found = consumer
        .offsets_for_times(asked, DEADLINE)
        .expect("answered");
    assert_eq!(found.elements()[0].offset(), Offset::Offset(5));
    assert_eq!(
        consumer
            .fetch_watermarks("t", 0, DEADLINE)
            .expect("answered"),
        (0, 10)
    );
    broker.stop().await;
}
