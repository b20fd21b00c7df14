use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

use super::Coordinator;
use super::join::{self, Join};
use super::member::{Answer, Protocol};
use super::state::Group;
use super::sync::{self, Sync};
use crate::RequestContext;

/// From this version on one LeaveGroup request names several members.
const FIRST_LEAVE_VERSION_WITH_MEMBERS: i16 = 3;

impl Coordinator {
    /// Waits until the group's next generation begins.
    pub async fn join(
        &self,
        request: JoinGroupRequest,
        context: &RequestContext,
    ) -> JoinGroupResponse {
        let member_id = request.member_id.to_string();
        match self.try_join(&request, context) {
            Ok(Answer::Now(response)) => response,
            Ok(Answer::Later(response)) => tokio::select! {
                response = response => response.unwrap_or_else(|_| join::refusal(ResponseError::RebalanceInProgress, &member_id)),
                () = context.stop.cancelled() => join::refusal(ResponseError::CoordinatorNotAvailable, &member_id),
            },
            Err(error) => join::refusal(error, &member_id),
        }
    }

    fn try_join(
        &self,
        request: &JoinGroupRequest,
        context: &RequestContext,
    ) -> Result<Answer<JoinGroupResponse>, ResponseError> {
        check_group_id(&request.group_id)?;
        let join = self.read_join(request, context)?;
        let join_group = |group: &mut Group, now: Instant| group.join(join, &self.config, now);
        if request.member_id.is_empty() {
            return self.with_new_group(&request.group_id, join_group);
        }
        self.with_group(&request.group_id, join_group)
            .ok_or(ResponseError::UnknownMemberId)
    }

    fn read_join(
        &self,
        request: &JoinGroupRequest,
        context: &RequestContext,
    ) -> Result<Join, ResponseError> {
        let session_timeout = milliseconds(request.session_timeout_ms);
        if !self.config.accepts_session_timeout(session_timeout) {
            return Err(ResponseError::InvalidSessionTimeout);
        }
        if request.protocol_type.is_empty() || request.protocols.is_empty() {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        let bytes: usize = request
            .protocols
            .iter()
            .map(|protocol| protocol.name.len() + protocol.metadata.len())
            .sum();
        if bytes > self.config.group_max_member_bytes {
            return Err(ResponseError::PolicyViolation);
        }
        let protocols = request.protocols.iter().map(|protocol| Protocol {
            name: protocol.name.to_string(),
            metadata: Bytes::copy_from_slice(&protocol.metadata),
        });
        Ok(Join {
            version: context.api_version,
            member_id: request.member_id.to_string(),
            instance_id: request.group_instance_id.as_ref().map(StrBytes::to_string),
            client_id: context.client_id.clone(),
            client_host: format!("/{}", context.client_host),
            session_timeout,
            // Before version 1 the session timeout served as both.
            rebalance_timeout: match request.rebalance_timeout_ms {
                0.. => milliseconds(request.rebalance_timeout_ms),
                _ => session_timeout,
            },
            protocol_type: request.protocol_type.to_string(),
            protocols: protocols.collect(),
        })
    }

    /// Waits until the leader has handed in the assignment.
    pub async fn sync(
        &self,
        request: SyncGroupRequest,
        context: &RequestContext,
    ) -> SyncGroupResponse {
        match self.try_sync(&request) {
            Ok(Answer::Now(response)) => response,
            Ok(Answer::Later(response)) => tokio::select! {
                response = response => response.unwrap_or_else(|_| sync::refusal(ResponseError::RebalanceInProgress)),
                () = context.stop.cancelled() => sync::refusal(ResponseError::CoordinatorNotAvailable),
            },
            Err(error) => sync::refusal(error),
        }
    }

    fn try_sync(
        &self,
        request: &SyncGroupRequest,
    ) -> Result<Answer<SyncGroupResponse>, ResponseError> {
        check_group_id(&request.group_id)?;
        let is_too_large =
            |assignment: &Bytes| assignment.len() > self.config.group_max_member_bytes;
        if request
            .assignments
            .iter()
            .any(|given| is_too_large(&given.assignment))
        {
            return Err(ResponseError::PolicyViolation);
        }
        let assignments = request.assignments.iter().map(|given| {
            (
                given.member_id.to_string(),
                Bytes::copy_from_slice(&given.assignment),
            )
        });
        let sync = Sync {
            member_id: request.member_id.to_string(),
            instance_id: request.group_instance_id.as_ref().map(StrBytes::to_string),
            generation: request.generation_id,
            protocol_type: request.protocol_type.as_ref().map(StrBytes::to_string),
            protocol: request.protocol_name.as_ref().map(StrBytes::to_string),
            assignments: assignments.collect(),
        };
        self.with_group(&request.group_id, |group, now| group.sync(sync, now))
            .ok_or(ResponseError::UnknownMemberId)
    }

    pub fn heartbeat(&self, request: HeartbeatRequest) -> HeartbeatResponse {
        let instance_id = request.group_instance_id.as_deref();
        let beat = |group: &mut Group, now: Instant| {
            group.heartbeat(&request.member_id, instance_id, request.generation_id, now)
        };
        let outcome = check_group_id(&request.group_id).and_then(|()| {
            self.with_group(&request.group_id, beat)
                .unwrap_or(Err(ResponseError::UnknownMemberId))
        });
        HeartbeatResponse::default().with_error_code(error_code(outcome))
    }

    pub fn leave(
        &self,
        request: LeaveGroupRequest,
        context: &RequestContext,
    ) -> LeaveGroupResponse {
        if let Err(error) = check_group_id(&request.group_id) {
            return LeaveGroupResponse::default().with_error_code(error.code());
        }
        let leave = |member_id: &str, instance_id: Option<&str>| {
            self.with_group(&request.group_id, |group, now| {
                group.leave(member_id, instance_id, &self.config, now)
            })
            .unwrap_or(Err(ResponseError::UnknownMemberId))
        };
        if context.api_version < FIRST_LEAVE_VERSION_WITH_MEMBERS {
            let outcome = leave(&request.member_id, None);
            return LeaveGroupResponse::default().with_error_code(error_code(outcome));
        }
        let answer = |member: &MemberIdentity| {
            let outcome = leave(&member.member_id, member.group_instance_id.as_deref());
            MemberResponse::default()
                .with_member_id(member.member_id.clone())
                .with_group_instance_id(member.group_instance_id.clone())
                .with_error_code(error_code(outcome))
        };
        LeaveGroupResponse::default().with_members(request.members.iter().map(answer).collect())
    }
}

fn check_group_id(group_id: &str) -> Result<(), ResponseError> {
    match group_id.is_empty() {
        true => Err(ResponseError::InvalidGroupId),
        false => Ok(()),
    }
}

fn milliseconds(value: i32) -> Duration {
    Duration::from_millis(value.max(0) as u64)
}

pub(super) fn error_code(outcome: Result<(), ResponseError>) -> i16 {
    outcome.err().map_or(0, |error| error.code())
}
