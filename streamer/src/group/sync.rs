use std::collections::HashMap;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::SyncGroupResponse;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::config::Config;
use super::member::{Answer, Waiting};
use super::state::{Group, State};

/// A SyncGroup request, copied out of its frame.
#[derive(Clone, Default)]
pub(super) struct Sync {
    pub(super) member_id: String,
    pub(super) instance_id: Option<String>,
    pub(super) generation: i32,
    pub(super) protocol_type: Option<String>,
    pub(super) protocol: Option<String>,
    /// Member id → assignment; only the leader sends them.
    pub(super) assignments: HashMap<String, Bytes>,
}

impl Group {
    /// A member asks for its assignment: answered now, or when the leader has handed it in.
    pub(super) fn sync(&mut self, sync: Sync, now: Instant) -> Answer<SyncGroupResponse> {
        self.try_sync(sync, now)
            .unwrap_or_else(|error| Answer::Now(refusal(error)))
    }

    fn try_sync(
        &mut self,
        sync: Sync,
        now: Instant,
    ) -> Result<Answer<SyncGroupResponse>, ResponseError> {
        self.check_member(
            &sync.member_id,
            sync.instance_id.as_deref(),
            sync.generation,
        )?;
        let differs =
            |given: &Option<String>, ours: &Option<String>| given.is_some() && given != ours;
        if differs(&sync.protocol_type, &self.protocol_type)
            || differs(&sync.protocol, &self.protocol)
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        match self.state {
            State::Empty => Err(ResponseError::UnknownMemberId),
            State::PreparingRebalance => Err(ResponseError::RebalanceInProgress),
            State::CompletingRebalance => Ok(Answer::Later(self.await_assignment(sync, now))),
            State::Stable => Ok(Answer::Now(self.hand_out(&sync.member_id, now))),
        }
    }

    fn await_assignment(
        &mut self,
        sync: Sync,
        now: Instant,
    ) -> oneshot::Receiver<SyncGroupResponse> {
        let (reply, receiver) = oneshot::channel();
        if let Some(member) = self.members.get_mut(&sync.member_id) {
            member.waiting = Waiting::Sync(reply);
        }
        self.unsynced.remove(&sync.member_id);
        if self.is_leader(&sync.member_id) {
            self.assign(sync.assignments, now);
        }
        receiver
    }

    fn assign(&mut self, mut assignments: HashMap<String, Bytes>, now: Instant) {
        self.state = State::Stable;
        for member in self.members.values_mut() {
            member.assignment = assignments.remove(&member.id).unwrap_or_default();
        }
        let waiting: Vec<String> = self
            .members
            .values()
            .filter(|member| matches!(member.waiting, Waiting::Sync(_)))
            .map(|member| member.id.clone())
            .collect();
        for member_id in waiting {
            let answer = self.hand_out(&member_id, now);
            if let Some(member) = self.members.get_mut(&member_id) {
                member.answer_sync(answer);
            }
        }
    }

    fn hand_out(&mut self, member_id: &str, now: Instant) -> SyncGroupResponse {
        self.unsynced.remove(member_id);
        if self.unsynced.is_empty() {
            self.sync_ends_at = None;
        }
        let mut assignment = Bytes::new();
        if let Some(member) = self.members.get_mut(member_id) {
            member.renew_session(now);
            assignment = member.assignment.clone();
        }
        SyncGroupResponse::default()
            .with_protocol_type(self.protocol_type.clone().map(StrBytes::from_string))
            .with_protocol_name(self.protocol.clone().map(StrBytes::from_string))
            .with_assignment(assignment)
    }

    pub(super) fn heartbeat(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ResponseError> {
        self.check_member(member_id, instance_id, generation)?;
        if let Some(member) = self.members.get_mut(member_id) {
            member.renew_session(now);
        }
        match self.state {
            State::PreparingRebalance => Err(ResponseError::RebalanceInProgress),
            State::Empty | State::CompletingRebalance | State::Stable => Ok(()),
        }
    }

    /// A member says goodbye, or an administrator for a static one, which is known by its instance id alone.
    pub(super) fn leave(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        config: &Config,
        now: Instant,
    ) -> Result<(), ResponseError> {
        if self.invited.remove(member_id).is_some() {
            self.advance_rebalance(now);
            return Ok(());
        }
        let member_id = match instance_id.and_then(|id| self.static_members.get(id)) {
            Some(current) if member_id.is_empty() => current.clone(),
            _ => member_id.to_owned(),
        };
        self.check_identity(&member_id, instance_id)?;
        self.remove_member(&member_id, config, now);
        Ok(())
    }
}

pub(super) fn refusal(error: ResponseError) -> SyncGroupResponse {
    SyncGroupResponse::default().with_error_code(error.code())
}
