//! The requests about offsets, through a coordinator with a journal on disk.

use kafka_protocol::ResponseError::{
    GroupIdNotFound, IllegalGeneration, OffsetMetadataTooLarge, PolicyViolation,
    UnknownTopicOrPartition,
};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic,
};
use kafka_protocol::messages::{
    DeleteGroupsRequest, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::coordinator::{context, open, text};
use crate::group::Coordinator;

fn commit_request(
    group: &str,
    topic: &'static str,
    offset: i64,
    note: &str,
) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_committed_offset(offset)
        .with_committed_metadata(Some(text(note)));
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(topic)))
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(text(group).into())
        .with_topics(vec![topic])
}

fn commit(coordinator: &Coordinator, group: &str, topic: &'static str, offset: i64) -> i16 {
    commit_code(coordinator, commit_request(group, topic, offset, "note"))
}

fn commit_code(coordinator: &Coordinator, request: OffsetCommitRequest) -> i16 {
    let response = coordinator.commit_offsets(request, |topic, _| topic != "absent");
    response.topics[0].partitions[0].error_code
}

fn fetch(coordinator: &Coordinator, group: &str, topic: &'static str) -> i64 {
    let topic = OffsetFetchRequestTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(topic)))
        .with_partition_indexes(vec![0]);
    let request = OffsetFetchRequest::default()
        .with_group_id(text(group).into())
        .with_topics(Some(vec![topic]));
    let response = coordinator.fetch_offsets(request, &context(7));
    response.topics[0].partitions[0].committed_offset
}

#[test]
fn committed_offsets_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    assert_eq!(fetch(&coordinator, "group", "topic"), -1);
    assert_eq!(commit(&coordinator, "group", "topic", 41), 0);
    assert_eq!(commit(&coordinator, "group", "topic", 42), 0);
    assert_eq!(commit(&coordinator, "other", "topic", 7), 0);
    drop(coordinator);
    let coordinator = open(folder.path());
    assert_eq!(fetch(&coordinator, "group", "topic"), 42);
    assert_eq!(fetch(&coordinator, "other", "topic"), 7);
    assert_eq!(fetch(&coordinator, "other", "unread"), -1);
}

#[test]
fn several_groups_and_all_their_topics_are_fetched_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    commit(&coordinator, "group", "first", 1);
    commit(&coordinator, "group", "second", 2);
    let ask = |group: &str| {
        OffsetFetchRequestGroup::default()
            .with_group_id(text(group).into())
            .with_topics(None)
    };
    let request = OffsetFetchRequest::default().with_groups(vec![ask("group"), ask("absent")]);
    let response = coordinator.fetch_offsets(request, &context(8));
    assert_eq!(response.groups[0].topics.len(), 2);
    assert_eq!(
        response.groups[0].topics[1].partitions[0].committed_offset,
        2
    );
    assert_eq!(
        response.groups[0].topics[1].partitions[0]
            .metadata
            .as_deref(),
        Some("note")
    );
    assert_eq!(
        (
            response.groups[1].error_code,
            response.groups[1].topics.len()
        ),
        (0, 0)
    );
}

#[test]
fn a_commit_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    assert_eq!(
        commit(&coordinator, "group", "absent", 1),
        UnknownTopicOrPartition.code()
    );
    let long_note = "x".repeat(5000);
    let too_long = commit_request("group", "topic", 1, &long_note);
    assert_eq!(
        commit_code(&coordinator, too_long),
        OffsetMetadataTooLarge.code()
    );
    let of_generation =
        commit_request("unknown", "topic", 1, "").with_generation_id_or_member_epoch(3);
    assert_eq!(
        commit_code(&coordinator, of_generation),
        IllegalGeneration.code()
    );
    assert_eq!(fetch(&coordinator, "group", "topic"), -1);
}

#[test]
fn the_number_of_groups_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::group::Config {
        max_groups: 1,
        ..Default::default()
    };
    let coordinator = Coordinator::open(folder.path(), config).unwrap();
    assert_eq!(commit(&coordinator, "first", "topic", 1), 0);
    assert_eq!(
        commit(&coordinator, "second", "topic", 1),
        PolicyViolation.code()
    );
}

#[test]
fn a_deleted_topic_takes_its_offsets_along() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    commit(&coordinator, "group", "topic", 1);
    commit(&coordinator, "group", "kept", 2);
    commit(&coordinator, "group", "lost", 3);
    coordinator.topic_deleted("topic");
    coordinator.keep_topics(|name| name != "lost");
    assert_eq!(fetch(&coordinator, "group", "topic"), -1);
    drop(coordinator);
    let coordinator = open(folder.path());
    assert_eq!(fetch(&coordinator, "group", "topic"), -1);
    assert_eq!(fetch(&coordinator, "group", "lost"), -1);
    assert_eq!(fetch(&coordinator, "group", "kept"), 2);
}

#[test]
fn offsets_and_groups_are_deleted_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    commit(&coordinator, "group", "topic", 1);
    commit(&coordinator, "group", "kept", 2);
    let delete = |group: &str| {
        let topic = OffsetDeleteRequestTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("topic")))
            .with_partitions(vec![OffsetDeleteRequestPartition::default()]);
        OffsetDeleteRequest::default()
            .with_group_id(text(group).into())
            .with_topics(vec![topic])
    };
    assert_eq!(
        coordinator.delete_offsets(delete("absent")).error_code,
        GroupIdNotFound.code()
    );
    assert_eq!(
        coordinator.delete_offsets(delete("group")).topics[0].partitions[0].error_code,
        0
    );
    assert_eq!(fetch(&coordinator, "group", "topic"), -1);

    let names = vec![text("group").into(), text("absent").into()];
    let deleted =
        coordinator.delete_groups(DeleteGroupsRequest::default().with_groups_names(names));
    let codes: Vec<i16> = deleted
        .results
        .iter()
        .map(|result| result.error_code)
        .collect();
    assert_eq!(codes, [0, GroupIdNotFound.code()]);
    drop(coordinator);
    assert_eq!(fetch(&open(folder.path()), "group", "kept"), -1);
}

#[test]
fn offsets_leave_after_their_retention() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    commit(&coordinator, "group", "topic", 1);
    let week_ms = coordinator.config.offsets_retention_ms();
    let now_ms = super::super::coordinator::now_ms();
    coordinator.with_inner(|inner| inner.drop_old_offsets(week_ms, now_ms + week_ms - 60_000));
    assert_eq!(fetch(&coordinator, "group", "topic"), 1);
    coordinator.with_inner(|inner| inner.drop_old_offsets(week_ms, now_ms + week_ms + 60_000));
    assert_eq!(fetch(&coordinator, "group", "topic"), -1);
    assert!(
        coordinator
            .list_groups(Default::default())
            .groups
            .is_empty(),
        "an empty group goes with its last offset"
    );
}
