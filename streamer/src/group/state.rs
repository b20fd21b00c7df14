use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::consumer_protocol_subscription::ConsumerProtocolSubscription;
use kafka_protocol::protocol::Decodable;
use tokio::time::Instant;

use super::member::Member;

/// The `protocol_type` of consumers; others (Kafka Connect, for one) use groups for their own purposes.
const CONSUMER_PROTOCOL_TYPE: &str = "consumer";

/// One group and the members it has now. The other half of its behaviour is in `join`, `sync` and `rebalance`.
pub(super) struct Group {
    pub(super) state: State,
    pub(super) generation: i32,
    pub(super) protocol_type: Option<String>,
    /// The assignor that this generation uses.
    pub(super) protocol: Option<String>,
    /// The id of the member that computes the assignment.
    pub(super) leader: Option<String>,
    pub(super) members: BTreeMap<String, Member>,
    /// Instance id → member id.
    pub(super) static_members: HashMap<String, String>,
    /// Member ids handed out with `MEMBER_ID_REQUIRED` that have not joined yet, and until when they may.
    pub(super) invited: HashMap<String, Instant>,
    /// Members of this generation that have not fetched their assignment yet.
    pub(super) unsynced: BTreeSet<String>,
    pub(super) rebalance_ends_at: Option<Instant>,
    /// While a new group collects its first members: until when it may go on doing so.
    pub(super) collects_until: Option<Instant>,
    pub(super) sync_ends_at: Option<Instant>,
    /// Wall-clock time, for the retention of offsets.
    pub(super) empty_since_ms: i64,
}

/// As in Apache Kafka. `Dead` is the absence of a group here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            State::Empty => "Empty",
            State::PreparingRebalance => "PreparingRebalance",
            State::CompletingRebalance => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }
}

impl Group {
    pub(super) fn new(now_ms: i64) -> Group {
        Group {
            state: State::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: HashMap::new(),
            invited: HashMap::new(),
            unsynced: BTreeSet::new(),
            rebalance_ends_at: None,
            collects_until: None,
            sync_ends_at: None,
            empty_since_ms: now_ms,
        }
    }

    /// The rules that every request of a member passes: it is known, it is not a static member whose
    /// place another one took, and it speaks of the current generation.
    pub(super) fn check_member(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ResponseError> {
        self.check_identity(member_id, instance_id)?;
        if generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        Ok(())
    }

    pub(super) fn check_identity(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
    ) -> Result<(), ResponseError> {
        if let Some(instance_id) = instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ResponseError::UnknownMemberId),
                Some(current) if current != member_id => {
                    return Err(ResponseError::FencedInstanceId);
                }
                Some(_) => {}
            }
        }
        if !self.members.contains_key(member_id) {
            return Err(ResponseError::UnknownMemberId);
        }
        Ok(())
    }

    /// May these offsets be committed? Members commit for their generation, others only while the group is empty.
    pub(super) fn check_commit(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ResponseError> {
        if generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() && instance_id.is_none() {
            return Err(ResponseError::UnknownMemberId);
        }
        self.check_member(member_id, instance_id, generation)?;
        if self.state == State::CompletingRebalance {
            return Err(ResponseError::RebalanceInProgress);
        }
        Ok(())
    }

    pub(super) fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    /// The slowest member decides how long a rebalance may take.
    pub(super) fn rebalance_timeout(&self) -> Duration {
        self.members
            .values()
            .map(|member| member.rebalance_timeout)
            .max()
            .unwrap_or_default()
    }

    /// The assignor that all members support and most prefer; the leader's order decides between equals.
    pub(super) fn choose_protocol(&self) -> Option<String> {
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id))?;
        let everyone_supports =
            |name: &str| self.members.values().all(|member| member.supports(name));
        let candidates: Vec<&str> = leader
            .protocols
            .iter()
            .map(|protocol| protocol.name.as_str())
            .filter(|name| everyone_supports(name))
            .collect();
        let favourite = |member: &Member| {
            let favourite = member
                .protocols
                .iter()
                .find(|protocol| candidates.contains(&protocol.name.as_str()));
            favourite.map(|protocol| protocol.name.clone())
        };
        let votes: Vec<String> = self.members.values().filter_map(favourite).collect();
        let count = |name: &str| votes.iter().filter(|vote| *vote == name).count();
        // `max_by_key` keeps the last of equals, so the order is turned around.
        candidates
            .iter()
            .rev()
            .max_by_key(|name| count(name))
            .map(|name| (*name).to_owned())
    }

    /// Could a member with these assignors join the others?
    pub(super) fn accepts<'a>(
        &self,
        protocol_type: &str,
        mut names: impl Iterator<Item = &'a str>,
    ) -> bool {
        if self.state == State::Empty {
            return true;
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && names.any(|name| self.members.values().all(|member| member.supports(name)))
    }

    pub(super) fn is_consumer_group(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER_PROTOCOL_TYPE)
    }

    /// Does a member read this topic? Where a subscription cannot be read, it might.
    pub(super) fn is_subscribed_to(&self, topic: &str) -> bool {
        let subscribes = |member: &Member| {
            let mut metadata = member
                .protocols
                .first()
                .map(|protocol| protocol.metadata.clone())
                .unwrap_or_default();
            if metadata.len() < 2 {
                return true;
            }
            let version = bytes::Buf::get_i16(&mut metadata).clamp(0, 3);
            ConsumerProtocolSubscription::decode(&mut metadata, version).map_or(
                true,
                |subscription| {
                    subscription
                        .topics
                        .iter()
                        .any(|name| name.as_str() == topic)
                },
            )
        };
        self.members.values().any(subscribes)
    }

    /// When something happens in this group without a request.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let sessions = self.members.values().filter_map(Member::expires_at);
        let invitations = self.invited.values().copied();
        sessions
            .chain(invitations)
            .chain(self.rebalance_ends_at)
            .chain(self.sync_ends_at)
            .min()
    }
}
