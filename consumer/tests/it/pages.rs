use std::{collections::BTreeSet, time::Duration};

use contract::record::{RecordNeighbours, RecordPage, RecordView};
use rdkafka::producer::FutureRecord;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Broker, Consumer, eventually, id, publish};

async fn page(consumer: &Consumer, query: &str) -> RecordPage {
    let (status, page) = consumer.get(&format!("/messages?{query}")).await;
    assert_eq!(status, 200, "{query}: {page}");
    serde_json::from_value(page).unwrap()
}

/// All pages of a query, one after another.
async fn all(consumer: &Consumer, query: &str) -> Vec<RecordView> {
    let (mut records, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(consumer, &format!("{query}{cursor}")).await;
        records.extend(page.records);
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return records,
        }
    }
}

/// Thirty records with ten keys on three partitions of `a`, with timestamps that rise, one on `b`.
async fn filled(broker: &Broker, consumer: &Consumer) -> Vec<i64> {
    let new = json!({"name": "a", "partitions": 3});
    assert_eq!(
        consumer.change(Method::POST, "/topics", Some(new)).await.0,
        201
    );
    let start = 1_769_851_800_000;
    for number in 0..30 {
        let (key, value) = (
            format!("key-{}", number % 10),
            format!("{{\"n\":{number}}}"),
        );
        let record = FutureRecord::to("a")
            .key(key.as_bytes())
            .payload(value.as_bytes())
            .timestamp(start + number);
        broker.write(record).await;
    }
    broker.write_foreign("b", "later").await;
    (0..30).map(|number| start + number).collect()
}

fn numbers(records: &[RecordView]) -> Vec<i64> {
    let number = |record: &RecordView| {
        let value: serde_json::Value = serde_json::from_str(record.value.as_deref()?).ok()?;
        value["n"].as_i64()
    };
    records.iter().filter_map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_record_once_in_the_order_asked_for() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let times = filled(&broker, &consumer).await;
    let upwards: Vec<i64> = (0..30).collect();
    let downwards: Vec<i64> = (0..30).rev().collect();
    for limit in [1, 7, 30, 500] {
        let oldest = all(&consumer, &format!("topics=a&order=oldest&limit={limit}")).await;
        assert_eq!(numbers(&oldest), upwards, "{limit}");
        let newest = all(&consumer, &format!("topics=a&limit={limit}")).await;
        assert_eq!(numbers(&newest), downwards, "{limit}");
    }
    let both = page(&consumer, "limit=2").await;
    assert_eq!(
        both.records[0].value.as_deref(),
        Some("later"),
        "of any topic"
    );
    assert_eq!(
        (both.records[1].timestamp, both.records.len()),
        (Some(times[29]), 2)
    );
    assert!(both.next.is_some() && both.scanned >= 2);

    for (query, expected) in [
        (
            "topics=a&key=key-3&order=oldest".to_owned(),
            vec![3, 13, 23],
        ),
        (
            format!("topics=a&from={}&until={}", times[10], times[13]),
            vec![12, 11, 10],
        ),
        (
            "topics=a&text=%22N%22:2&order=oldest&limit=3".to_owned(),
            vec![2, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
        ),
        (
            "topics=a&where=.value.n%20%3E%2027".to_owned(),
            vec![29, 28],
        ),
        ("topics=a&from=latest".to_owned(), vec![]),
        ("topics=a&partition=77".to_owned(), vec![]),
        ("topics=a&from=2100-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        let found = all(&consumer, &query).await;
        assert_eq!(numbers(&found), expected, "{query}");
    }
    let mut by_partition = BTreeSet::new();
    for partition in 0..3 {
        let of_one = all(
            &consumer,
            &format!("topics=a&partition={partition}&limit=4"),
        )
        .await;
        assert!(of_one.iter().all(|record| record.partition == partition));
        by_partition.extend(numbers(&of_one));
    }
    assert_eq!(by_partition.len(), 30);
    let failed = page(&consumer, "topics=b&where=.value.n").await;
    assert_eq!((failed.records.len(), failed.failed), (0, 1));
    assert!(failed.error.unwrap().contains("cannot index"));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_cannot_be_are_refused() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    broker.write_foreign("a", "1").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    for (query, status, kind) in [
        ("limit=0", 400, "invalid-limit"),
        ("limit=501", 400, "invalid-limit"),
        ("order=random", 400, "invalid-query"),
        ("partition=x", 400, "invalid-query"),
        ("topics=a%20b", 400, "invalid-topic"),
        ("from=-1", 400, "invalid-from"),
        ("until=soon", 400, "invalid-until"),
        ("cursor=17", 400, "invalid-cursor"),
        ("cursor=n,nothing:0:0:1", 404, "unknown-topic"),
        ("topics=nothing", 404, "unknown-topic"),
    ] {
        let (got, problem) = consumer.get(&format!("/messages?{query}")).await;
        assert_eq!(got, status, "{query}: {problem}");
        let expected = format!("urn:kafkloud:problem:{kind}");
        assert_eq!(problem["type"], expected, "{query}: {problem}");
    }
    // What the log no longer has, or does not have yet, is just not there.
    let beyond = page(&consumer, "cursor=o,a:0:5:9,a:7:0:1").await;
    assert_eq!(beyond, RecordPage::default());
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_leads_to_its_neighbours() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    filled(&broker, &consumer).await;
    consumer.consumed(31).await;
    let page = page(&consumer, "topics=a&key=key-3&order=oldest").await;
    let [first, second, third] = &page.records[..] else {
        panic!("three with this key: {page:?}")
    };
    let neighbours = async |record: &RecordView| {
        let place = format!("{}/{}/{}", record.topic, record.partition, record.offset);
        let (status, neighbours) = consumer.get(&format!("/messages/{place}/neighbours")).await;
        assert_eq!(status, 200, "{neighbours}");
        serde_json::from_value::<RecordNeighbours>(neighbours).unwrap()
    };
    let of_second = neighbours(second).await;
    assert_eq!(of_second.previous_with_key, Some(first.place()));
    assert_eq!(of_second.next_with_key, Some(third.place()));
    let (previous, next) = (of_second.previous.unwrap(), of_second.next.unwrap());
    assert_eq!(
        (previous.offset, next.offset),
        (second.offset - 1, second.offset + 1)
    );
    assert_eq!(neighbours(first).await.previous_with_key, None);
    // At the ends of a log.
    let publisher = broker.publisher();
    publish(&publisher, "alone", id("alone"), "x").await;
    let record = eventually(async || {
        let page = consumer.get("/messages?topics=alone").await.1;
        serde_json::from_value(page["records"][0].clone()).ok()
    })
    .await;
    assert_eq!(neighbours(&record).await, RecordNeighbours::default());
    let (status, _) = consumer.get("/messages/alone/0/9/neighbours").await;
    assert_eq!(status, 404);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_looks_at_so_many_records_only() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    let writing = (0..25_000).map(|number: i64| {
        let id = contract::MessageId::of_record("many", 0, number);
        let publisher = publisher.clone();
        async move { publish(&publisher, "many", id, "x").await }
    });
    futures::future::join_all(writing).await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    for order in ["newest", "oldest"] {
        let query = format!("topics=many&text=absent&order={order}");
        let first = page(&consumer, &query).await;
        assert!(
            first.records.is_empty() && first.scanned < 25_000,
            "{first:?}"
        );
        let next = first.next.expect("there is more");
        let second = page(&consumer, &format!("{query}&cursor={next}")).await;
        assert_eq!(second.next, None);
        assert_eq!(first.scanned + second.scanned, 25_000);
    }
    tokio::time::timeout(Duration::from_secs(30), consumer.stop())
        .await
        .unwrap();
}
