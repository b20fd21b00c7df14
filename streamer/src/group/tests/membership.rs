//! Dynamic members: joining, leaving, rebalancing, expiring.

use std::time::Duration;

use kafka_protocol::ResponseError::{
    GroupMaxSizeReached, IllegalGeneration, InconsistentGroupProtocol, RebalanceInProgress,
    UnknownMemberId,
};

use super::super::state::State;
use super::{Bench, REBALANCE_TIMEOUT, SESSION_TIMEOUT, bytes, code, join_request};

#[test]
fn a_first_member_leads_and_gets_its_own_assignment() {
    let mut bench = Bench::new();
    let (member_id, joined) = bench.join_new(&[("range", "topic")]);
    let joined = joined.answer();
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert_eq!(
        (joined.leader.as_str(), joined.member_id.as_str()),
        (member_id.as_str(), member_id.as_str())
    );
    assert_eq!(joined.protocol_name.as_deref(), Some("range"));
    assert_eq!(joined.members.len(), 1);
    assert_eq!(joined.members[0].metadata, bytes("topic"));
    assert_eq!(bench.group.state, State::CompletingRebalance);

    let synced = bench
        .sync(&member_id, &[(&member_id, "everything")])
        .answer();
    assert_eq!(
        (synced.error_code, synced.assignment),
        (0, bytes("everything"))
    );
    assert_eq!(bench.group.state, State::Stable);
    assert_eq!(bench.heartbeat(&member_id), 0);
}

#[test]
fn a_client_of_an_old_version_joins_without_an_invitation() {
    let mut bench = Bench::new();
    let mut join = join_request("", &[("range", "topic")]);
    join.version = 3;
    let joined = bench.join(join).answer();
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert!(joined.member_id.starts_with("client-"));
}

#[test]
fn a_second_member_waits_until_the_first_has_joined_again() {
    let mut bench = Bench::new();
    let first = bench.stable_with_one();
    let (second, mut second_joined) = bench.join_new(&[("range", "topic")]);
    assert!(second_joined.is_waiting());
    assert_eq!(bench.heartbeat(&first), RebalanceInProgress.code());

    let first_joined = bench
        .join(join_request(&first, &[("range", "topic")]))
        .answer();
    let second_joined = second_joined.answer();
    assert_eq!(first_joined.generation_id, 2);
    assert_eq!(second_joined.generation_id, 2);
    assert_eq!(
        first_joined.members.len(),
        2,
        "the leader learns who is there"
    );
    assert!(second_joined.members.is_empty(), "a follower does not");
    assert_eq!(second_joined.leader.as_str(), first);
    let mut second_synced = bench.sync(&second, &[]);
    assert!(
        second_synced.is_waiting(),
        "the leader has not handed in the assignment"
    );
}

#[test]
fn a_leaving_member_makes_the_others_rebalance() {
    let mut bench = Bench::new();
    let (first, second) = bench.stable_with_two();
    assert_eq!(bench.leave(&first, None), 0);
    assert_eq!(bench.heartbeat(&second), RebalanceInProgress.code());
    let joined = bench
        .join(join_request(&second, &[("range", "topic")]))
        .answer();
    assert_eq!(
        (joined.generation_id, joined.leader.as_str()),
        (3, second.as_str())
    );
    assert_eq!(bench.leave(&first, None), UnknownMemberId.code());
    assert_eq!(bench.leave(&second, None), 0);
    assert_eq!(bench.group.state, State::Empty);
}

#[test]
fn a_member_without_heartbeats_is_expelled() {
    let mut bench = Bench::new();
    let (first, second) = bench.stable_with_two();
    bench.wait(SESSION_TIMEOUT / 2);
    assert_eq!(bench.heartbeat(&second), 0);
    bench.wait(SESSION_TIMEOUT / 2);
    assert!(!bench.group.members.contains_key(&first));
    assert_eq!(bench.group.state, State::PreparingRebalance);
    assert_eq!(bench.heartbeat(&first), UnknownMemberId.code());
}

#[test]
fn a_rebalance_does_not_wait_for_ever() {
    let mut bench = Bench::new();
    let (first, second) = bench.stable_with_two();
    let (_, mut third_joined) = bench.join_new(&[("range", "topic")]);
    let mut first_joined = bench.join(join_request(&first, &[("range", "topic")]));
    for _ in 0..REBALANCE_TIMEOUT.as_secs() / 5 {
        assert!(first_joined.is_waiting() && third_joined.is_waiting());
        bench.heartbeat(&second);
        bench.wait(Duration::from_secs(5));
    }
    let joined = first_joined.answer();
    assert_eq!(
        joined.members.len(),
        2,
        "the member that only sent heartbeats is out"
    );
    assert_eq!(third_joined.answer().error_code, 0);
    assert_eq!(bench.heartbeat(&second), UnknownMemberId.code());
}

#[test]
fn a_leader_that_never_assigns_is_replaced() {
    let mut bench = Bench::new();
    let (first, second) = bench.stable_with_two();
    assert_eq!(bench.leave(&first, None), 0);
    let (third, third_joined) = bench.join_new(&[("range", "topic")]);
    bench
        .join(join_request(&second, &[("range", "topic")]))
        .answer();
    third_joined.answer();
    let third_synced = bench.sync(&third, &[]);
    for _ in 0..REBALANCE_TIMEOUT.as_secs() / 5 {
        bench.heartbeat(&second);
        bench.wait(Duration::from_secs(5));
    }
    assert_eq!(third_synced.answer().error_code, RebalanceInProgress.code());
    assert!(!bench.group.members.contains_key(&second));
}

#[test]
fn an_invitation_that_is_not_taken_up_blocks_a_rebalance_only_for_a_session() {
    let mut bench = Bench::new();
    let first = bench.stable_with_one();
    bench.join(join_request("", &[("range", "topic")])).answer();
    let mut joined = bench.join(join_request(&first, &[("range", "changed")]));
    assert!(joined.is_waiting());
    bench.wait(SESSION_TIMEOUT);
    assert_eq!(joined.answer().generation_id, 2);
}

#[test]
fn a_join_that_is_repeated_is_answered_with_the_same_generation() {
    let mut bench = Bench::new();
    let (first, second) = bench.stable_with_two();
    let repeated = bench
        .join(join_request(&second, &[("range", "topic")]))
        .answer();
    assert_eq!((repeated.error_code, repeated.generation_id), (0, 2));
    assert_eq!(bench.group.state, State::Stable);
    let mut again = bench.join(join_request(&first, &[("range", "topic")]));
    assert!(
        again.is_waiting(),
        "a leader that joins again wants a new assignment"
    );
}

#[test]
fn members_vote_for_the_assignor_that_all_support() {
    let mut bench = Bench::new();
    let both = [("cooperative-sticky", "a"), ("range", "b")];
    let (first, joined) = bench.join_new(&both);
    assert_eq!(
        joined.answer().protocol_name.as_deref(),
        Some("cooperative-sticky")
    );
    let (_, second_joined) = bench.join_new(&[("range", "c")]);
    let joined = bench.join(join_request(&first, &both)).answer();
    assert_eq!(joined.protocol_name.as_deref(), Some("range"));
    assert!(
        joined
            .members
            .iter()
            .any(|member| member.metadata == bytes("b"))
    );
    assert_eq!(
        second_joined.answer().protocol_name.as_deref(),
        Some("range")
    );

    let stranger = bench
        .join(join_request("", &[("roundrobin", "d")]))
        .answer();
    assert_eq!(stranger.error_code, InconsistentGroupProtocol.code());
    let mut connector = join_request("", &both);
    connector.protocol_type = "connect".to_owned();
    assert_eq!(
        bench.join(connector).answer().error_code,
        InconsistentGroupProtocol.code()
    );
}

#[test]
fn what_does_not_belong_to_the_generation_is_refused() {
    let mut bench = Bench::new();
    let member_id = bench.stable_with_one();
    let now = bench.now;
    assert_eq!(
        code(bench.group.heartbeat(&member_id, None, 7, now)),
        IllegalGeneration.code()
    );
    assert_eq!(bench.heartbeat("someone"), UnknownMemberId.code());
    assert_eq!(
        bench.sync("someone", &[]).answer().error_code,
        UnknownMemberId.code()
    );
    let stranger = bench
        .join(join_request("someone", &[("range", "topic")]))
        .answer();
    assert_eq!(stranger.error_code, UnknownMemberId.code());
    assert_eq!(code(bench.group.check_commit(&member_id, None, 1)), 0);
    assert_eq!(
        code(bench.group.check_commit(&member_id, None, 7)),
        IllegalGeneration.code()
    );
    assert_eq!(
        code(bench.group.check_commit("", None, -1)),
        UnknownMemberId.code()
    );
}

#[test]
fn a_group_is_bounded() {
    let mut bench = Bench::new();
    bench.config.group_max_members = 2;
    bench.stable_with_one();
    bench.join(join_request("", &[("range", "topic")])).answer();
    let third = bench.join(join_request("", &[("range", "topic")])).answer();
    assert_eq!(third.error_code, GroupMaxSizeReached.code());
}

#[test]
fn a_new_group_can_wait_for_more_members() {
    let mut bench = Bench::new();
    bench.config.group_initial_rebalance_delay_ms = 3_000;
    let (_, mut first) = bench.join_new(&[("range", "topic")]);
    assert!(first.is_waiting());
    bench.wait(Duration::from_secs(2));
    let (_, second) = bench.join_new(&[("range", "topic")]);
    bench.wait(Duration::from_secs(2));
    assert!(first.is_waiting(), "the second member prolonged the wait");
    bench.wait(Duration::from_secs(1));
    assert_eq!(first.answer().members.len(), 2);
    assert_eq!(second.answer().generation_id, 1);
}
