use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    GroupId, ListGroupsRequest, ListGroupsResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::Coordinator;
use super::coordinator::Inner;
use super::handle_members::error_code;
use super::member::Member;
use super::state::{Group, State};
use crate::RequestContext;

/// From this version on a group that does not exist is an error instead of a dead group.
const FIRST_DESCRIBE_VERSION_WITH_NOT_FOUND: i16 = 6;
/// As opposed to the groups of KIP-848 and share groups.
const GROUP_TYPE: &str = "classic";
/// Without access control everything that can be done with a group is allowed: read, delete,
/// describe, describe and alter its configuration; one bit each.
const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

impl Coordinator {
    pub fn list_groups(&self, request: ListGroupsRequest) -> ListGroupsResponse {
        let is_wanted = |filter: &[StrBytes], value: &str| {
            filter.is_empty()
                || filter
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        if !is_wanted(&request.types_filter, GROUP_TYPE) {
            return ListGroupsResponse::default();
        }
        let mut groups: Vec<ListedGroup> = self.with_inner(|inner| {
            let wanted = inner
                .groups
                .iter()
                .filter(|(_, group)| is_wanted(&request.states_filter, group.state.name()));
            wanted.map(|(id, group)| list_group(id, group)).collect()
        });
        groups.sort_by(|left, right| left.group_id.cmp(&right.group_id));
        ListGroupsResponse::default().with_groups(groups)
    }

    pub fn describe_groups(
        &self,
        request: DescribeGroupsRequest,
        context: &RequestContext,
    ) -> DescribeGroupsResponse {
        let describe = |group_id: &GroupId| {
            let described = self.with_inner(|inner| match inner.groups.get(group_id.as_str()) {
                Some(group) => describe_group(group),
                None => describe_absence(group_id, context.api_version),
            });
            let operations = if request.include_authorized_operations {
                ALL_OPERATIONS
            } else {
                i32::MIN
            };
            described
                .with_group_id(group_id.clone())
                .with_authorized_operations(operations)
        };
        DescribeGroupsResponse::default().with_groups(request.groups.iter().map(describe).collect())
    }

    pub fn delete_groups(&self, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
        let delete = |group_id: &GroupId| {
            let outcome = self.with_inner(|inner| delete_group(inner, group_id));
            DeletableGroupResult::default()
                .with_group_id(group_id.clone())
                .with_error_code(error_code(outcome))
        };
        DeleteGroupsResponse::default()
            .with_results(request.groups_names.iter().map(delete).collect())
    }
}

fn list_group(group_id: &str, group: &Group) -> ListedGroup {
    ListedGroup::default()
        .with_group_id(text(group_id).into())
        .with_protocol_type(text(group.protocol_type.as_deref().unwrap_or_default()))
        .with_group_state(StrBytes::from_static_str(group.state.name()))
        .with_group_type(StrBytes::from_static_str(GROUP_TYPE))
}

fn describe_group(group: &Group) -> DescribedGroup {
    let protocol = match group.state {
        // Only then the members agree on it.
        State::Stable => group.protocol.as_deref(),
        _ => None,
    };
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(group.state.name()))
        .with_protocol_type(text(group.protocol_type.as_deref().unwrap_or_default()))
        .with_protocol_data(text(protocol.unwrap_or_default()))
        .with_members(
            group
                .members
                .values()
                .map(|member| describe_member(member, protocol))
                .collect(),
        )
}

fn describe_member(member: &Member, protocol: Option<&str>) -> DescribedGroupMember {
    let described = DescribedGroupMember::default()
        .with_member_id(text(&member.id))
        .with_group_instance_id(member.instance_id.as_deref().map(text))
        .with_client_id(text(&member.client_id))
        .with_client_host(text(&member.client_host));
    match protocol {
        None => described,
        Some(protocol) => described
            .with_member_metadata(member.metadata_for(protocol))
            .with_member_assignment(member.assignment.clone()),
    }
}

fn describe_absence(group_id: &str, api_version: i16) -> DescribedGroup {
    let described = DescribedGroup::default().with_group_state(StrBytes::from_static_str("Dead"));
    match api_version {
        FIRST_DESCRIBE_VERSION_WITH_NOT_FOUND.. => described
            .with_error_code(ResponseError::GroupIdNotFound.code())
            .with_error_message(Some(StrBytes::from_string(format!(
                "Group {group_id} not found."
            )))),
        _ => described,
    }
}

fn delete_group(inner: &mut Inner, group_id: &str) -> Result<(), ResponseError> {
    match inner.groups.get(group_id) {
        None => Err(ResponseError::GroupIdNotFound),
        Some(group) if group.state != State::Empty => Err(ResponseError::NonEmptyGroup),
        Some(_) => inner.delete_group(group_id),
    }
}

fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}
