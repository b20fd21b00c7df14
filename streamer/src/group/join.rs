use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::config::Config;
use super::member::{Answer, FIRST_JOIN_TIMEOUT, Member, Protocol, Waiting};
use super::state::{Group, State};

/// A JoinGroup request, copied out of its frame: what a member keeps must not hold on to the buffer it came in.
#[derive(Clone)]
pub(super) struct Join {
    pub(super) version: i16,
    /// Empty for a member that has no id yet.
    pub(super) member_id: String,
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) client_host: String,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    pub(super) protocol_type: String,
    pub(super) protocols: Vec<Protocol>,
}

/// From this version on a new member gets its id first and joins with it: a client that gives up in
/// between then leaves no phantom member behind.
const FIRST_VERSION_WITH_INVITATION: i16 = 4;
const FIRST_VERSION_WITH_SKIP_ASSIGNMENT: i16 = 9;

impl Group {
    /// A member wants to be part of the next generation: answered now, or when that generation begins.
    pub(super) fn join(
        &mut self,
        join: Join,
        config: &Config,
        now: Instant,
    ) -> Answer<JoinGroupResponse> {
        let member_id = join.member_id.clone();
        let answer = match member_id.is_empty() {
            true => self.join_without_id(join, config, now),
            false => self.join_with_id(join, config, now),
        };
        answer.unwrap_or_else(|error| Answer::Now(refusal(error, &member_id)))
    }

    fn join_without_id(
        &mut self,
        join: Join,
        config: &Config,
        now: Instant,
    ) -> Result<Answer<JoinGroupResponse>, ResponseError> {
        self.check_protocols(&join)?;
        let replaced = join
            .instance_id
            .as_ref()
            .and_then(|id| self.static_members.get(id).cloned());
        if replaced.is_none() {
            self.check_size(config)?;
        }
        let prefix = join.instance_id.as_deref().unwrap_or(&join.client_id);
        let new_id = format!("{prefix}-{}", Uuid::now_v7());
        match replaced {
            Some(old_id) => Ok(self.replace_static_member(&old_id, new_id, join, config, now)),
            None if join.instance_id.is_none() && join.version >= FIRST_VERSION_WITH_INVITATION => {
                self.invited
                    .insert(new_id.clone(), now + join.session_timeout);
                Ok(Answer::Now(refusal(
                    ResponseError::MemberIdRequired,
                    &new_id,
                )))
            }
            None => Ok(self.add_member(new_id, join, config, now)),
        }
    }

    fn join_with_id(
        &mut self,
        join: Join,
        config: &Config,
        now: Instant,
    ) -> Result<Answer<JoinGroupResponse>, ResponseError> {
        self.check_protocols(&join)?;
        if join.instance_id.is_none() && self.invited.remove(&join.member_id).is_some() {
            return Ok(self.add_member(join.member_id.clone(), join, config, now));
        }
        self.check_identity(&join.member_id, join.instance_id.as_deref())?;
        let member_id = join.member_id.clone();
        let is_unchanged = self.members[&member_id].protocols == join.protocols;
        // A leader that joins again asks for a new assignment, for example because a topic has grown.
        let has_news = match self.state {
            State::Stable => !is_unchanged || self.is_leader(&member_id),
            State::CompletingRebalance => !is_unchanged,
            State::Empty | State::PreparingRebalance => true,
        };
        if !has_news {
            // The answer to its last join was lost on the way; the generation goes on.
            if let Some(member) = self.members.get_mut(&member_id) {
                member.renew_session(now);
            }
            return Ok(Answer::Now(self.joined(&member_id)));
        }
        let receiver = self.update_member(&member_id, join);
        self.prepare_rebalance(config, now);
        Ok(Answer::Later(receiver))
    }

    fn check_protocols(&self, join: &Join) -> Result<(), ResponseError> {
        let names = join.protocols.iter().map(|protocol| protocol.name.as_str());
        match self.accepts(&join.protocol_type, names) {
            true => Ok(()),
            false => Err(ResponseError::InconsistentGroupProtocol),
        }
    }

    fn check_size(&self, config: &Config) -> Result<(), ResponseError> {
        match self.members.len() + self.invited.len() < config.group_max_members {
            true => Ok(()),
            false => Err(ResponseError::GroupMaxSizeReached),
        }
    }

    fn add_member(
        &mut self,
        member_id: String,
        join: Join,
        config: &Config,
        now: Instant,
    ) -> Answer<JoinGroupResponse> {
        let (reply, receiver) = oneshot::channel();
        if self.members.is_empty() {
            self.protocol_type = Some(join.protocol_type.clone());
            self.leader = Some(member_id.clone());
        }
        if let Some(instance_id) = &join.instance_id {
            self.static_members
                .insert(instance_id.clone(), member_id.clone());
        }
        let member = Member {
            id: member_id.clone(),
            instance_id: join.instance_id,
            client_id: join.client_id,
            client_host: join.client_host,
            session_timeout: join.session_timeout,
            rebalance_timeout: join.rebalance_timeout,
            protocols: join.protocols,
            assignment: bytes::Bytes::new(),
            session_ends_at: now + FIRST_JOIN_TIMEOUT,
            is_new: true,
            waiting: Waiting::Join(reply),
        };
        self.members.insert(member_id, member);
        self.prepare_rebalance(config, now);
        Answer::Later(receiver)
    }

    /// The member's newest wishes, and the request that now waits. An older one of the same member is
    /// dropped: its client has given it up.
    fn update_member(
        &mut self,
        member_id: &str,
        join: Join,
    ) -> oneshot::Receiver<JoinGroupResponse> {
        let (reply, receiver) = oneshot::channel();
        if let Some(member) = self.members.get_mut(member_id) {
            member.client_id = join.client_id;
            member.client_host = join.client_host;
            member.session_timeout = join.session_timeout;
            member.rebalance_timeout = join.rebalance_timeout;
            member.protocols = join.protocols;
            member.refuse(ResponseError::RebalanceInProgress);
            member.waiting = Waiting::Join(reply);
        }
        receiver
    }

    /// A static member came back after a restart: it takes its old place and assignment, and where the
    /// assignor stays the same the others notice nothing.
    fn replace_static_member(
        &mut self,
        old_id: &str,
        new_id: String,
        join: Join,
        config: &Config,
        now: Instant,
    ) -> Answer<JoinGroupResponse> {
        let version = join.version;
        let was_leader = self.is_leader(old_id);
        self.rename_member(old_id, &new_id);
        let receiver = self.update_member(&new_id, join);
        if let Some(member) = self.members.get_mut(&new_id) {
            member.renew_session(now);
        }
        if self.state != State::Stable || self.choose_protocol() != self.protocol {
            self.prepare_rebalance(config, now);
            return Answer::Later(receiver);
        }
        if let Some(member) = self.members.get_mut(&new_id) {
            member.waiting = Waiting::Nothing;
        }
        let mut response = self.joined(&new_id);
        if was_leader && version >= FIRST_VERSION_WITH_SKIP_ASSIGNMENT {
            response.skip_assignment = true;
        } else if was_leader {
            // An older client that sees itself as leader would assign anew; so it is told of another leader.
            response.leader = StrBytes::from_string(old_id.to_owned());
            response.members.clear();
        }
        Answer::Now(response)
    }

    fn rename_member(&mut self, old_id: &str, new_id: &str) {
        let Some(mut member) = self.members.remove(old_id) else {
            return;
        };
        member.refuse(ResponseError::FencedInstanceId);
        member.id = new_id.to_owned();
        if let Some(instance_id) = &member.instance_id {
            self.static_members
                .insert(instance_id.clone(), new_id.to_owned());
        }
        if self.is_leader(old_id) {
            self.leader = Some(new_id.to_owned());
        }
        if self.unsynced.remove(old_id) {
            self.unsynced.insert(new_id.to_owned());
        }
        self.members.insert(new_id.to_owned(), member);
    }

    /// What a member learns about the current generation; the leader also who else is in it.
    pub(super) fn joined(&self, member_id: &str) -> JoinGroupResponse {
        let protocol = self.protocol.clone().unwrap_or_default();
        let others = |member: &Member| {
            JoinGroupResponseMember::default()
                .with_member_id(StrBytes::from_string(member.id.clone()))
                .with_group_instance_id(member.instance_id.clone().map(StrBytes::from_string))
                .with_metadata(member.metadata_for(&protocol))
        };
        let members = match self.is_leader(member_id) {
            true => self.members.values().map(others).collect(),
            false => Vec::new(),
        };
        JoinGroupResponse::default()
            .with_generation_id(self.generation)
            .with_protocol_type(self.protocol_type.clone().map(StrBytes::from_string))
            .with_protocol_name(Some(StrBytes::from_string(protocol.clone())))
            .with_leader(StrBytes::from_string(
                self.leader.clone().unwrap_or_default(),
            ))
            .with_member_id(StrBytes::from_string(member_id.to_owned()))
            .with_members(members)
    }
}

/// The answer to a join that was not accepted.
pub(super) fn refusal(error: ResponseError, member_id: &str) -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_error_code(error.code())
        .with_member_id(StrBytes::from_string(member_id.to_owned()))
}
