use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    FetchRequest, ListOffsetsRequest, MetadataRequest, list_offsets_request,
};

use crate::broker::{
    ANYONE, FETCH, TIMESTAMP, TestBroker, batch, fetch_request, topic_name, values,
};

#[tokio::test]
async fn a_waiting_fetch_is_woken_by_the_append() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let (mut consumer, mut producer) = (broker.connect().await, broker.connect().await);
    let began = Instant::now();
    let asked = consumer
        .send(&fetch_request("t", 0, 0, 15_000), FETCH)
        .await;
    producer.produce("t", 0, batch(&["now"], ANYONE)).await;
    let answer = consumer.receive::<FetchRequest>(asked, FETCH).await;
    assert_eq!(
        values(&answer.responses[0].partitions[0]),
        [(0, "now".to_owned())]
    );
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "it did not sit the time out"
    );
    broker.stop().await;
}

#[tokio::test]
async fn a_waiting_fetch_ends_with_the_broker() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut consumer = broker.connect().await;
    consumer
        .send(&fetch_request("t", 0, 0, 200_000), FETCH)
        .await;
    broker.stop().await;
}

#[tokio::test]
async fn every_version_of_a_fetch_is_answered_in_its_form() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    client.produce("t", 0, batch(&["a", "b"], ANYONE)).await;
    let metadata = client
        .call(MetadataRequest::default().with_topics(None), 12)
        .await;
    let id = metadata.topics[0].topic_id;
    for version in 4..=16 {
        let mut request = fetch_request("t", 0, 1, 0);
        if version >= 13 {
            request.topics[0].topic_id = id;
            request.topics[0].topic = Default::default();
        }
        let answer = client.call(request, version).await;
        let topic = &answer.responses[0];
        assert_eq!(values(&topic.partitions[0]).len(), 2, "version {version}");
        let named = if version >= 13 {
            topic.topic_id == id
        } else {
            topic.topic == topic_name("t")
        };
        assert!(named, "version {version}");
    }
    broker.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_an_error_at_once() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    for (topic, partition, offset, error) in [
        ("t", 0, 1, ResponseError::OffsetOutOfRange),
        ("t", 1, 0, ResponseError::UnknownTopicOrPartition),
        ("other", 0, 0, ResponseError::UnknownTopicOrPartition),
    ] {
        let answer = client
            .call(fetch_request(topic, partition, offset, 200_000), FETCH)
            .await;
        assert_eq!(answer.responses[0].partitions[0].error_code, error.code());
    }
    let mut in_session = fetch_request("t", 0, 0, 0);
    in_session.session_id = 7;
    in_session.session_epoch = 1;
    let answer = client.call(in_session, FETCH).await;
    assert_eq!(
        answer.error_code,
        ResponseError::FetchSessionIdNotFound.code()
    );
    broker.stop().await;
}

#[tokio::test]
async fn the_first_batch_is_given_even_if_it_is_too_large() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    let large = "x".repeat(500_000);
    for _ in 0..3 {
        client.produce("t", 0, batch(&[&large], ANYONE)).await;
    }
    let mut request = fetch_request("t", 0, 0, 0);
    request.topics[0].partitions[0].partition_max_bytes = 1;
    let answer = client.call(request.clone(), FETCH).await;
    assert_eq!(values(&answer.responses[0].partitions[0]).len(), 1);
    request.max_bytes = 1_200_000;
    request.topics[0].partitions[0].partition_max_bytes = 1_200_000;
    let answer = client.call(request, FETCH).await;
    assert_eq!(values(&answer.responses[0].partitions[0]).len(), 2);
    broker.stop().await;
}

#[tokio::test]
async fn offsets_are_found_by_time() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    client
        .produce("t", 0, batch(&["a", "b", "c"], ANYONE))
        .await;
    for version in 1..=7 {
        for (timestamp, offset) in [(-1, 3), (-2, 0), (TIMESTAMP, 0), (TIMESTAMP + 1, -1)] {
            let partition =
                list_offsets_request::ListOffsetsPartition::default().with_timestamp(timestamp);
            let topic = list_offsets_request::ListOffsetsTopic::default()
                .with_name(topic_name("t"))
                .with_partitions(vec![partition]);
            let request = ListOffsetsRequest::default().with_topics(vec![topic]);
            let answer = client.call(request, version).await;
            let partition = &answer.topics[0].partitions[0];
            assert_eq!(
                (partition.error_code, partition.offset),
                (0, offset),
                "{timestamp} {version}"
            );
        }
    }
    broker.stop().await;
}
