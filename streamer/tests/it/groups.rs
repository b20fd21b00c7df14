//! Consumer groups through librdkafka, and every version of their requests through raw frames.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic,
};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, GroupId, HeartbeatRequest,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, ListGroupsRequest, OffsetCommitRequest,
    OffsetDeleteRequest, OffsetFetchRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, Message};

use crate::broker::{Client, DEADLINE, TestBroker, topic_name};

fn member(broker: &TestBroker, group: &str, settings: &[(&str, &str)]) -> Arc<StreamConsumer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", broker.address.to_string())
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "100");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    let consumer: StreamConsumer = config.create().expect("a consumer");
    consumer.subscribe(&["t"]).expect("subscribed");
    Arc::new(consumer)
}

async fn produce(broker: &TestBroker, values: std::ops::Range<usize>) {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.address.to_string())
        .create()
        .expect("a producer");
    for value in values {
        let (key, value) = (value.to_string(), format!("value {value}"));
        let record = FutureRecord::to("t").key(&key).payload(&value);
        producer
            .send(record, DEADLINE)
            .await
            .map_err(|(error, _)| error)
            .expect("acked");
    }
}

/// Polls until each member has as many partitions as it should: assignments come while polling.
async fn wait_for_shares(members: &[&StreamConsumer], shares: &[usize]) {
    let started = Instant::now();
    loop {
        for member in members {
            let _ = tokio::time::timeout(Duration::from_millis(20), member.recv()).await;
        }
        let found: Vec<usize> = members
            .iter()
            .map(|member| member.assignment().expect("an assignment").count())
            .collect();
        if found == shares {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "the shares are {found:?}");
    }
}

/// Reads `count` messages and commits each: how often each value came.
async fn read(consumer: &StreamConsumer, count: usize) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for _ in 0..count {
        let message = tokio::time::timeout(DEADLINE, consumer.recv())
            .await
            .expect("in time")
            .expect("a message");
        let value = message
            .payload_view::<str>()
            .expect("a value")
            .expect("text");
        *seen.entry(value.to_owned()).or_default() += 1;
        consumer
            .commit_message(&message, CommitMode::Sync)
            .expect("committed");
    }
    seen
}

async fn members_share_and_take_over(assignor: &str) {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 4).await;
    let settings = [("partition.assignment.strategy", assignor)];
    let first = member(&broker, "g", &settings);
    wait_for_shares(&[&first], &[4]).await;
    let second = member(&broker, "g", &settings);
    wait_for_shares(&[&first, &second], &[2, 2]).await;
    drop(second);
    wait_for_shares(&[&first], &[4]).await;
    drop(first);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_share_partitions_with_an_eager_assignor() {
    members_share_and_take_over("range").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_share_partitions_with_the_cooperative_assignor() {
    members_share_and_take_over("cooperative-sticky").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_goes_on_after_a_restart_of_the_broker() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 2).await;
    produce(&broker, 0..20).await;
    let consumer = member(&broker, "g", &[]);
    let before = read(&consumer, 12).await;
    drop(consumer);
    let broker = broker.restart(|_| {}).await;
    produce(&broker, 20..30).await;
    let consumer = member(&broker, "g", &[]);
    let after = read(&consumer, 18).await;
    assert!(before.keys().all(|value| !after.contains_key(value)));
    assert_eq!(before.len() + after.len(), 30, "each came once");
    drop(consumer);
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_member_returns_to_its_share() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 4).await;
    let shop = [("group.instance.id", "shop")];
    let first = member(&broker, "g", &[]);
    let second = member(&broker, "g", &shop);
    wait_for_shares(&[&first, &second], &[2, 2]).await;
    let before = dynamic_members(&broker).await;
    // A static member does not say goodbye, so the group waits for its session to end.
    leave(second).await;
    let second = member(&broker, "g", &shop);
    wait_for_shares(&[&first, &second], &[2, 2]).await;
    assert_eq!(
        dynamic_members(&broker).await,
        before,
        "nobody had to rebalance"
    );
    leave(first).await;
    leave(second).await;
    broker.stop().await;
}

/// librdkafka can block for ever when a member goes in the middle of a rebalance: on a thread of its own, and not waited for
/// without end.
async fn leave<T: Send + 'static>(member: T) {
    let (sender, gone) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        drop(member);
        let _ = sender.send(());
    });
    let _ = tokio::time::timeout(DEADLINE / 4, gone).await;
}

/// The state of the group and the ids of its members without an instance id.
async fn dynamic_members(broker: &TestBroker) -> (String, Vec<String>) {
    let request = DescribeGroupsRequest::default().with_groups(vec![group_id()]);
    let described = broker
        .connect()
        .await
        .call(request, 6)
        .await
        .groups
        .remove(0);
    let dynamic = described
        .members
        .into_iter()
        .filter(|member| member.group_instance_id.is_none());
    let mut ids: Vec<String> = dynamic.map(|member| member.member_id.to_string()).collect();
    ids.sort();
    (described.group_state.to_string(), ids)
}

fn group_id() -> GroupId {
    GroupId(StrBytes::from_static_str("g"))
}

async fn join(client: &mut Client, version: i16) -> JoinGroupResponse {
    let protocol =
        JoinGroupRequestProtocol::default().with_name(StrBytes::from_static_str("range"));
    let request = JoinGroupRequest::default()
        .with_group_id(group_id())
        .with_session_timeout_ms(6000)
        .with_rebalance_timeout_ms(6000)
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(vec![protocol]);
    let joined = client.call(request.clone(), version).await;
    if version < 4 {
        return joined;
    }
    assert_eq!(joined.error_code, 79, "MEMBER_ID_REQUIRED");
    client
        .call(request.with_member_id(joined.member_id), version)
        .await
}

#[tokio::test]
async fn every_version_of_the_membership_requests_is_answered() {
    let broker = TestBroker::start().await;
    let mut client = broker.connect().await;
    for version in 0..=9 {
        let joined = join(&mut client, version).await;
        assert_eq!(
            (joined.error_code, joined.leader.as_str()),
            (0, joined.member_id.as_str())
        );
        let assignment = SyncGroupRequestAssignment::default()
            .with_member_id(joined.member_id.clone())
            .with_assignment("share".into());
        let sync = SyncGroupRequest::default()
            .with_group_id(group_id())
            .with_generation_id(joined.generation_id)
            .with_member_id(joined.member_id.clone())
            .with_assignments(vec![assignment]);
        let synced = client.call(sync, version.min(5)).await;
        assert_eq!(
            (synced.error_code, &synced.assignment[..]),
            (0, &b"share"[..])
        );
        let heartbeat = HeartbeatRequest::default()
            .with_group_id(group_id())
            .with_generation_id(joined.generation_id)
            .with_member_id(joined.member_id.clone());
        assert_eq!(client.call(heartbeat, version.min(4)).await.error_code, 0);
        let describe = DescribeGroupsRequest::default().with_groups(vec![group_id()]);
        let described = client.call(describe, version.min(6)).await;
        assert_eq!(described.groups[0].members[0].member_id, joined.member_id);
        let listed = client
            .call(ListGroupsRequest::default(), version.min(5))
            .await;
        assert_eq!(listed.groups.len(), 1);
        let leave = LeaveGroupRequest::default().with_group_id(group_id());
        let leave = match version {
            0..3 => leave.with_member_id(joined.member_id),
            _ => leave.with_members(vec![
                MemberIdentity::default().with_member_id(joined.member_id),
            ]),
        };
        let left = client.call(leave, version.min(5)).await;
        assert_eq!(left.error_code, 0);
        assert!(left.members.iter().all(|member| member.error_code == 0));
    }
    for version in 0..=2 {
        let delete = DeleteGroupsRequest::default().with_groups_names(vec![group_id()]);
        let expected = if version == 0 { 0 } else { 69 };
        assert_eq!(
            client.call(delete, version).await.results[0].error_code,
            expected
        );
    }
    broker.stop().await;
}

#[tokio::test]
async fn every_version_of_the_offset_requests_is_answered() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    for version in 2..=9 {
        let topic = |partition: i32| {
            let partition = OffsetCommitRequestPartition::default()
                .with_partition_index(partition)
                .with_committed_offset(i64::from(version));
            OffsetCommitRequestTopic::default()
                .with_name(topic_name("t"))
                .with_partitions(vec![partition])
        };
        let commit = OffsetCommitRequest::default()
            .with_group_id(group_id())
            .with_topics(vec![topic(0), topic(1)]);
        let committed = client.call(commit, version).await;
        assert_eq!(committed.topics[0].partitions[0].error_code, 0);
        assert_eq!(
            committed.topics[1].partitions[0].error_code, 3,
            "no such partition"
        );
    }
    for version in 1..=7 {
        let topic = OffsetFetchRequestTopic::default()
            .with_name(topic_name("t"))
            .with_partition_indexes(vec![0]);
        let fetch = OffsetFetchRequest::default()
            .with_group_id(group_id())
            .with_topics(Some(vec![topic]));
        let fetched = client.call(fetch, version).await;
        assert_eq!(fetched.topics[0].partitions[0].committed_offset, 9);
    }
    for version in 8..=9 {
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(group_id())
            .with_topics(None);
        let fetch = OffsetFetchRequest::default().with_groups(vec![group]);
        let fetched = client.call(fetch, version).await;
        assert_eq!(
            fetched.groups[0].topics[0].partitions[0].committed_offset,
            9
        );
    }
    let delete = OffsetDeleteRequest::default().with_group_id(group_id());
    assert_eq!(client.call(delete, 0).await.error_code, 0);
    broker.stop().await;
}

#[tokio::test]
async fn every_version_of_find_coordinator_names_this_broker() {
    let broker = TestBroker::start().await;
    let mut client = broker.connect().await;
    let port = i32::from(broker.address.port());
    let key = StrBytes::from_static_str("g");
    for version in 0..=3 {
        let found = client
            .call(
                FindCoordinatorRequest::default().with_key(key.clone()),
                version,
            )
            .await;
        assert_eq!((found.error_code, found.port), (0, port));
    }
    for version in 4..=6 {
        let find = FindCoordinatorRequest::default().with_coordinator_keys(vec![key.clone()]);
        let found = client.call(find, version).await;
        assert_eq!(
            (found.coordinators[0].error_code, found.coordinators[0].port),
            (0, port)
        );
    }
    let transactional = FindCoordinatorRequest::default()
        .with_key_type(1)
        .with_coordinator_keys(vec![key]);
    let refused = client.call(transactional, 4).await;
    assert_eq!(
        refused.coordinators[0].error_code, 53,
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"
    );
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transactional_producer_learns_at_once_that_there_are_no_transactions() {
    let broker = TestBroker::start().await;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.address.to_string())
        .set("transactional.id", "shop")
        .create()
        .expect("a producer");
    let refused = tokio::task::spawn_blocking(move || producer.init_transactions(DEADLINE));
    let error = refused.await.expect("no panic").expect_err("refused");
    assert_eq!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::TransactionalIdAuthorizationFailed)
    );
    broker.stop().await;
}
