//! Static members keep their place and assignment over a restart.

use kafka_protocol::ResponseError::{FencedInstanceId, UnknownMemberId};

use super::super::join::Join;
use super::super::state::State;
use super::{Bench, SESSION_TIMEOUT, bytes, code, join_request};

fn static_join(member_id: &str, instance_id: &str, protocols: &[(&str, &str)]) -> Join {
    Join {
        instance_id: Some(instance_id.to_owned()),
        ..join_request(member_id, protocols)
    }
}

fn stable_with_static(bench: &mut Bench) -> String {
    let joined = bench
        .join(static_join("", "shop", &[("range", "topic")]))
        .answer();
    assert_eq!(joined.error_code, 0, "a static member needs no invitation");
    let member_id = joined.member_id.to_string();
    assert!(member_id.starts_with("shop-"));
    bench
        .sync(&member_id, &[(&member_id, "everything")])
        .answer();
    member_id
}

#[test]
fn a_restarted_member_takes_its_place_without_a_rebalance() {
    let mut bench = Bench::new();
    let old = stable_with_static(&mut bench);
    let joined = bench
        .join(static_join("", "shop", &[("range", "topic")]))
        .answer();
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    assert!(
        joined.skip_assignment,
        "the leader keeps the assignment it made"
    );
    let new = joined.member_id.to_string();
    assert_ne!(new, old);
    assert_eq!(joined.leader.as_str(), new);
    assert_eq!(bench.group.state, State::Stable);
    assert_eq!(
        bench.sync(&new, &[]).answer().assignment,
        bytes("everything")
    );

    let now = bench.now;
    assert_eq!(
        code(bench.group.heartbeat(&old, Some("shop"), 1, now)),
        FencedInstanceId.code()
    );
    assert_eq!(code(bench.group.heartbeat(&new, Some("shop"), 1, now)), 0);
    assert_eq!(
        code(bench.group.heartbeat(&new, Some("other"), 1, now)),
        UnknownMemberId.code()
    );
    assert_eq!(
        code(bench.group.check_commit(&old, Some("shop"), 1)),
        FencedInstanceId.code()
    );
    let fenced = bench
        .join(static_join(&old, "shop", &[("range", "topic")]))
        .answer();
    assert_eq!(fenced.error_code, FencedInstanceId.code());
}

#[test]
fn an_older_client_that_returns_as_leader_is_told_of_another_leader() {
    let mut bench = Bench::new();
    let old = stable_with_static(&mut bench);
    let mut join = static_join("", "shop", &[("range", "topic")]);
    join.version = 8;
    let joined = bench.join(join).answer();
    assert_eq!(joined.leader.as_str(), old);
    assert!(!joined.skip_assignment && joined.members.is_empty());
}

#[test]
fn a_restarted_member_that_waits_fences_the_one_it_replaces() {
    let mut bench = Bench::new();
    let dynamic = bench.stable_with_one();
    let waiting = bench.join(static_join("", "shop", &[("range", "topic")]));
    let restarted = bench.join(static_join("", "shop", &[("range", "topic")]));
    assert_eq!(waiting.answer().error_code, FencedInstanceId.code());
    bench
        .join(join_request(&dynamic, &[("range", "topic")]))
        .answer();
    assert_eq!(restarted.answer().generation_id, 2);
    assert_eq!(bench.group.members.len(), 2);
}

#[test]
fn another_assignor_after_the_restart_makes_the_group_rebalance() {
    let mut bench = Bench::new();
    stable_with_static(&mut bench);
    let joined = bench
        .join(static_join(
            "",
            "shop",
            &[("sticky", "topic"), ("range", "topic")],
        ))
        .answer();
    assert_eq!(
        (joined.generation_id, joined.protocol_name.as_deref()),
        (2, Some("sticky"))
    );
}

#[test]
fn a_static_member_is_removed_by_its_instance_id_or_with_its_session() {
    let mut bench = Bench::new();
    let member_id = stable_with_static(&mut bench);
    assert_eq!(bench.leave("", Some("other")), UnknownMemberId.code());
    assert_eq!(
        bench.leave("someone", Some("shop")),
        FencedInstanceId.code()
    );
    assert_eq!(bench.leave("", Some("shop")), 0);
    assert_eq!(bench.group.state, State::Empty);
    assert_eq!(bench.heartbeat(&member_id), UnknownMemberId.code());

    stable_with_static(&mut bench);
    bench.wait(SESSION_TIMEOUT);
    assert_eq!(bench.group.state, State::Empty);
    assert!(bench.group.static_members.is_empty());
}
