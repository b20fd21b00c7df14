//! The requests about members, through a coordinator with its clock.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError::{
    GroupIdNotFound, InvalidGroupId, InvalidSessionTimeout, MemberIdRequired, NonEmptyGroup,
    UnknownMemberId,
};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, HeartbeatRequest, JoinGroupRequest,
    JoinGroupResponse, ListGroupsRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;
use tokio_util::sync::CancellationToken;

use super::bytes;
use crate::RequestContext;
use crate::group::{Config, Coordinator};

pub(super) fn open(folder: &Path) -> Coordinator {
    Coordinator::open(folder, Config::default()).unwrap()
}

pub(super) fn context(api_version: i16) -> RequestContext {
    RequestContext {
        api_version,
        client_id: "client".to_owned(),
        client_host: Ipv4Addr::LOCALHOST.into(),
        stop: CancellationToken::new(),
    }
}

pub(super) fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

fn join_request(group: &str, member_id: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(bytes("topic"));
    JoinGroupRequest::default()
        .with_group_id(text(group).into())
        .with_member_id(text(member_id))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(60_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

async fn join(coordinator: &Coordinator, group: &str) -> JoinGroupResponse {
    let invitation = coordinator.join(join_request(group, ""), &context(9)).await;
    assert_eq!(invitation.error_code, MemberIdRequired.code());
    coordinator
        .join(join_request(group, &invitation.member_id), &context(9))
        .await
}

async fn sync(coordinator: &Coordinator, group: &str, joined: &JoinGroupResponse) -> i16 {
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(joined.member_id.clone())
        .with_assignment(bytes("everything"));
    let request = SyncGroupRequest::default()
        .with_group_id(text(group).into())
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone())
        .with_assignments(vec![assignment]);
    coordinator.sync(request, &context(5)).await.error_code
}

fn heartbeat(coordinator: &Coordinator, group: &str, joined: &JoinGroupResponse) -> i16 {
    let request = HeartbeatRequest::default()
        .with_group_id(text(group).into())
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone());
    coordinator.heartbeat(request).error_code
}

#[tokio::test]
async fn requests_without_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    let refused = coordinator.join(join_request("", ""), &context(9)).await;
    assert_eq!(refused.error_code, InvalidGroupId.code());
    let hasty = join_request("group", "").with_session_timeout_ms(10);
    assert_eq!(
        coordinator.join(hasty, &context(9)).await.error_code,
        InvalidSessionTimeout.code()
    );
    let stranger = coordinator
        .join(join_request("group", "stranger"), &context(9))
        .await;
    assert_eq!(stranger.error_code, UnknownMemberId.code());
    assert!(
        coordinator
            .list_groups(Default::default())
            .groups
            .is_empty(),
        "none of it made a group"
    );
}

#[tokio::test]
async fn a_group_is_listed_described_and_protected_while_it_lives() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    let joined = join(&coordinator, "group").await;
    assert_eq!(sync(&coordinator, "group", &joined).await, 0);

    let list = |states: &[&str], types: &[&str]| {
        let request = ListGroupsRequest::default()
            .with_states_filter(states.iter().map(|state| text(state)).collect())
            .with_types_filter(types.iter().map(|kind| text(kind)).collect());
        coordinator.list_groups(request).groups.len()
    };
    assert_eq!((list(&[], &[]), list(&["stable"], &["Classic"])), (1, 1));
    assert_eq!((list(&["Empty"], &[]), list(&[], &["consumer"])), (0, 0));

    let names = vec![text("group").into(), text("absent").into()];
    let described = coordinator.describe_groups(
        DescribeGroupsRequest::default().with_groups(names.clone()),
        &context(6),
    );
    let group = &described.groups[0];
    assert_eq!(
        (group.group_state.as_str(), group.protocol_data.as_str()),
        ("Stable", "range")
    );
    assert_eq!(group.members[0].client_host.as_str(), "/127.0.0.1");
    assert_eq!(group.members[0].member_assignment, bytes("everything"));
    assert_eq!(described.groups[1].error_code, GroupIdNotFound.code());
    assert_eq!(described.groups[1].group_state.as_str(), "Dead");

    let deleted =
        coordinator.delete_groups(DeleteGroupsRequest::default().with_groups_names(names));
    assert_eq!(deleted.results[0].error_code, NonEmptyGroup.code());
}

#[tokio::test(start_paused = true)]
async fn the_clock_expels_a_silent_member() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = Arc::new(open(folder.path()));
    let stop = CancellationToken::new();
    let clock = tokio::spawn({
        let (coordinator, stop) = (coordinator.clone(), stop.clone());
        async move { coordinator.run(stop).await }
    });
    let joined = join(&coordinator, "group").await;
    assert_eq!(sync(&coordinator, "group", &joined).await, 0);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(heartbeat(&coordinator, "group", &joined), 0);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(heartbeat(&coordinator, "group", &joined), 0);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(
        heartbeat(&coordinator, "group", &joined),
        UnknownMemberId.code()
    );
    stop.cancel();
    clock.await.unwrap();
}

#[tokio::test]
async fn a_restart_makes_members_join_anew_in_a_later_generation() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    let joined = join(&coordinator, "group").await;
    drop(coordinator);
    let coordinator = open(folder.path());
    assert_eq!(
        heartbeat(&coordinator, "group", &joined),
        UnknownMemberId.code()
    );
    let joined_again = join(&coordinator, "group").await;
    assert_eq!(joined_again.generation_id, joined.generation_id + 1);
}

#[tokio::test]
async fn a_stop_ends_the_wait_of_a_member() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = open(folder.path());
    let first = join(&coordinator, "group").await;
    assert_eq!(sync(&coordinator, "group", &first).await, 0);
    let invitation = coordinator
        .join(join_request("group", ""), &context(9))
        .await;
    let waits = context(9);
    waits.stop.cancel();
    let answer = coordinator
        .join(join_request("group", &invitation.member_id), &waits)
        .await;
    assert_eq!(
        answer.error_code,
        kafka_protocol::ResponseError::CoordinatorNotAvailable.code()
    );
}
