use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::InitProducerIdRequest;
use kafka_protocol::protocol::StrBytes;

use crate::broker::{ANYONE, TestBroker, Writer, batch, produce_request, values};

fn code(error: ResponseError) -> i16 {
    error.code()
}

#[tokio::test]
async fn records_come_back_with_their_offsets() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 2).await;
    let mut client = broker.connect().await;
    let first = client.produce("t", 1, batch(&["a", "b"], ANYONE)).await;
    let second = client.produce("t", 1, batch(&["c"], ANYONE)).await;
    assert_eq!(
        (first.error_code, first.base_offset, second.base_offset),
        (0, 0, 2)
    );
    let fetched = client.fetch("t", 1, 0).await;
    let expected = [(0, "a"), (1, "b"), (2, "c")].map(|(offset, value)| (offset, value.to_owned()));
    assert_eq!(values(&fetched), expected);
    assert_eq!(
        (
            fetched.high_watermark,
            fetched.last_stable_offset,
            fetched.log_start_offset
        ),
        (3, 3, 0)
    );
    assert!(values(&client.fetch("t", 0, 0).await).is_empty());
    broker.stop().await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_with_the_protocols_error() {
    let broker = TestBroker::start_with(|config| config.max_message_bytes = 1_000).await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    let good = batch(&["value"], ANYONE);
    let mut damaged = good.to_vec();
    damaged[65] ^= 1;
    let mut old = good.to_vec();
    old[16] = 1;
    let twice = [good.clone(), good.clone()].concat();
    let large = "x".repeat(2_000);
    for (what, bytes, error) in [
        (
            "damaged",
            Bytes::from(damaged),
            ResponseError::CorruptMessage,
        ),
        (
            "cut short",
            good.slice(..good.len() - 1),
            ResponseError::CorruptMessage,
        ),
        (
            "of an old format",
            Bytes::from(old),
            ResponseError::InvalidRecord,
        ),
        (
            "two batches",
            Bytes::from(twice),
            ResponseError::InvalidRecord,
        ),
        ("nothing", Bytes::new(), ResponseError::InvalidRecord),
        (
            "too large",
            batch(&[&large], ANYONE),
            ResponseError::MessageTooLarge,
        ),
    ] {
        assert_eq!(
            client.produce("t", 0, bytes).await.error_code,
            code(error),
            "{what}"
        );
    }
    for (topic, partition) in [("t", 1), ("t", -1), ("other", 0)] {
        let answer = client.produce(topic, partition, good.clone()).await;
        assert_eq!(
            answer.error_code,
            code(ResponseError::UnknownTopicOrPartition)
        );
    }
    assert_eq!(
        client.produce("t", 0, good).await.base_offset,
        0,
        "nothing of that was stored"
    );
    broker.stop().await;
}

#[tokio::test]
async fn a_duplicate_is_answered_with_the_first_offset() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    let given = client
        .call(
            InitProducerIdRequest::default().with_transactional_id(None),
            4,
        )
        .await;
    let writer = |sequence| Writer {
        id: given.producer_id.0,
        epoch: given.producer_epoch,
        sequence,
    };
    let first = batch(&["a", "b"], writer(0));
    assert_eq!(client.produce("t", 0, first.clone()).await.base_offset, 0);
    assert_eq!(
        client
            .produce("t", 0, batch(&["c"], writer(2)))
            .await
            .base_offset,
        2
    );
    let again = client.produce("t", 0, first.clone()).await;
    assert_eq!((again.error_code, again.base_offset), (0, 0));
    let gap = client.produce("t", 0, batch(&["e"], writer(4))).await;
    assert_eq!(
        gap.error_code,
        code(ResponseError::OutOfOrderSequenceNumber)
    );

    let broker = broker.restart(|_| {}).await;
    let mut client = broker.connect().await;
    let again = client.produce("t", 0, first).await;
    assert_eq!(
        (again.error_code, again.base_offset),
        (0, 0),
        "known after a restart"
    );
    let other = client
        .call(
            InitProducerIdRequest::default().with_transactional_id(None),
            4,
        )
        .await;
    assert_ne!(other.producer_id, given.producer_id);
    broker.stop().await;
}

#[tokio::test]
async fn transactions_are_refused() {
    let broker = TestBroker::start().await;
    let mut client = broker.connect().await;
    let id = Some(StrBytes::from_static_str("a transaction").into());
    let answer = client
        .call(
            InitProducerIdRequest::default().with_transactional_id(id),
            4,
        )
        .await;
    assert_eq!(
        answer.error_code,
        code(ResponseError::TransactionalIdAuthorizationFailed)
    );
    broker.stop().await;
}

#[tokio::test]
async fn without_acknowledgement_nothing_is_answered() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    let silent = produce_request("t", 0, batch(&["a"], ANYONE)).with_acks(0);
    client.send(&silent, 9).await;
    // The answer that comes first is that of the second request.
    assert_eq!(
        client
            .produce("t", 0, batch(&["b"], ANYONE))
            .await
            .base_offset,
        1
    );
    broker.stop().await;
}
