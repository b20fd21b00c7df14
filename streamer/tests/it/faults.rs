use std::fs::OpenOptions;

use bytes::{Buf, BufMut, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse, MetadataRequest};
use kafka_protocol::protocol::Decodable;
use tokio::io::AsyncWriteExt;

use crate::broker::{ANYONE, PRODUCE, TestBroker, batch, produce_request, values};

#[tokio::test]
async fn a_bad_frame_closes_its_connection_and_no_other() {
    let broker = TestBroker::start().await;
    let mut bystander = broker.connect().await;
    let mut huge_list = BytesMut::new();
    huge_list.put_i16(3); // Metadata
    huge_list.put_i16(1);
    huge_list.put_i32(7);
    huge_list.put_i16(-1);
    huge_list.put_i32(i32::MAX);
    for (what, body) in [
        ("garbage", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("unknown key", vec![0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("unknown version", vec![0, 3, 0, 99, 0, 0, 0, 1, 0, 0]),
        ("transactions", vec![0, 24, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("a list of two billion", huge_list.to_vec()),
        ("cut short", vec![0, 3, 0, 1, 0, 0, 0, 1]),
    ] {
        let mut client = broker.connect().await;
        client.send_frame(&body).await;
        assert!(client.receive_frame().await.is_none(), "{what}");
        bystander.call(MetadataRequest::default(), 12).await;
    }
    for length in [-1i32, 0, 7, i32::MAX] {
        let mut client = broker.connect().await;
        client
            .socket
            .write_all(&length.to_be_bytes())
            .await
            .expect("written");
        assert!(
            client.receive_frame().await.is_none(),
            "a request of {length} bytes"
        );
        bystander.call(MetadataRequest::default(), 12).await;
    }
    broker.stop().await;
}

#[tokio::test]
async fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let broker = TestBroker::start().await;
    let mut client = broker.connect().await;
    client
        .send_frame(&[0, 18, 0, 99, 0, 0, 0, 42, 0xff, 0xff, 0])
        .await;
    let mut answer = client.receive_frame().await.expect("an answer");
    assert_eq!(answer.get_i32(), 42);
    let answer = ApiVersionsResponse::decode(&mut answer, 0).expect("version 0");
    assert_eq!(answer.error_code, ResponseError::UnsupportedVersion.code());
    assert!(
        answer
            .api_keys
            .iter()
            .any(|api| api.api_key == 18 && api.max_version == 4)
    );
    for version in 0..=4 {
        let answer = client.call(ApiVersionsRequest::default(), version).await;
        assert_eq!(answer.error_code, 0);
    }
    broker.stop().await;
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    let mut sent = Vec::new();
    for at in 0..50 {
        let value = at.to_string();
        let request = produce_request("t", 0, batch(&[&value], ANYONE));
        sent.push(client.send(&request, PRODUCE).await);
    }
    for (at, correlation_id) in (0..).zip(sent) {
        let answer = client
            .receive::<kafka_protocol::messages::ProduceRequest>(correlation_id, PRODUCE)
            .await;
        assert_eq!(answer.responses[0].partition_responses[0].base_offset, at);
    }
    broker.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let broker = TestBroker::start_with(|config| config.idle_timeout_ms = 50).await;
    let mut client = broker.connect().await;
    assert!(client.receive_frame().await.is_none());
    broker.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let broker = TestBroker::start_with(|config| config.max_connections = 1).await;
    let mut first = broker.connect().await;
    first.call(MetadataRequest::default(), 12).await;
    let mut second = broker.connect().await;
    let asked = second.send(&MetadataRequest::default(), 12).await;
    drop(first);
    second.receive::<MetadataRequest>(asked, 12).await;
    broker.stop().await;
}

#[tokio::test]
async fn requests_larger_than_the_memory_limit_are_served_alone() {
    let broker = TestBroker::start_with(|config| config.max_in_flight_bytes = 2_000).await;
    broker.create_topic("t", 1).await;
    let large = "x".repeat(100_000);
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = broker.connect().await;
        let request = produce_request("t", 0, batch(&[&large], ANYONE));
        let asked = client.send(&request, PRODUCE).await;
        clients.push((client, asked));
    }
    for (mut client, asked) in clients {
        let answer = client
            .receive::<kafka_protocol::messages::ProduceRequest>(asked, PRODUCE)
            .await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
    }
    broker.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 3).await;
    let mut client = broker.connect().await;
    client.produce("t", 2, batch(&["a", "b"], ANYONE)).await;
    let before = client
        .call(MetadataRequest::default().with_topics(None), 12)
        .await;
    let broker = broker.restart(|_| {}).await;
    let mut client = broker.connect().await;
    let after = client
        .call(MetadataRequest::default().with_topics(None), 12)
        .await;
    assert_eq!(before.topics, after.topics);
    assert_eq!(before.cluster_id, after.cluster_id);
    assert_eq!(values(&client.fetch("t", 2, 0).await).len(), 2);
    assert_eq!(
        client
            .produce("t", 2, batch(&["c"], ANYONE))
            .await
            .base_offset,
        2
    );
    broker.stop().await;
}

#[tokio::test]
async fn a_torn_tail_costs_only_what_was_never_acked() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    client.produce("t", 0, batch(&["acked"], ANYONE)).await;
    let segment = broker.partition("t-0").join("00000000000000000000.log");
    let marker = broker.partition("t-0").join("shutdown.json");
    let broker = broker
        .restart(|_| {
            // As a kill in the middle of an append leaves it: no marker, half a batch.
            std::fs::remove_file(&marker).expect("a clean shutdown left a marker");
            let mut file = OpenOptions::new()
                .append(true)
                .open(&segment)
                .expect("the segment");
            let half = &batch(&["never acked"], ANYONE)[..40];
            std::io::Write::write_all(&mut file, half).expect("written");
        })
        .await;
    let mut client = broker.connect().await;
    assert_eq!(
        client
            .produce("t", 0, batch(&["next"], ANYONE))
            .await
            .base_offset,
        1
    );
    let expected = [(0, "acked".to_owned()), (1, "next".to_owned())];
    assert_eq!(values(&client.fetch("t", 0, 0).await), expected);
    broker.stop().await;
}
