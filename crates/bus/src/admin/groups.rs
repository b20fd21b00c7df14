use std::collections::BTreeSet;

use bytes::Buf;
use contract::cluster::{GroupPartitionView, GroupView, MemberView, TopicPartition};
use rdkafka::{
    Offset,
    consumer::Consumer,
    error::RDKafkaErrorCode,
    groups::{GroupInfo, GroupMemberInfo},
};

use super::{Admin, AdminError, Shared, TIMEOUT, options, refusal};
use crate::{native, offsets};

/// The protocol type of consumers; others (Kafka Connect, for one) use groups for their own purposes.
const CONSUMER_PROTOCOL: &str = "consumer";

type Committed = Vec<(String, i32, i64)>;

impl Admin {
    /// All consumer groups, by name, with what they have committed and what they have yet to read.
    pub async fn groups(&self) -> Result<Vec<GroupView>, AdminError> {
        self.blocking(|shared| shared.groups(None)).await
    }

    pub async fn group(&self, name: &str) -> Result<GroupView, AdminError> {
        let name = name.to_owned();
        self.blocking(move |shared| shared.group(&name)).await
    }

    /// Deletes a group and the offsets it has committed. The broker refuses while the group has members.
    pub async fn delete_group(&self, name: &str) -> Result<(), AdminError> {
        let group = self.group(name).await?;
        let answer = self.shared.admin.delete_groups(&[name], &options()).await?;
        for result in answer {
            result.map_err(|(_, code)| match code {
                RDKafkaErrorCode::NonEmptyGroup => in_use(&group),
                RDKafkaErrorCode::GroupIdNotFound => AdminError::UnknownGroup(name.to_owned()),
                code => refusal(code),
            })?;
        }
        Ok(())
    }
}

/// Says who the members are, so that they can be found and stopped.
pub(super) fn in_use(group: &GroupView) -> AdminError {
    let members = group
        .members
        .iter()
        .map(|member| format!("{} at {}", member.client_id, member.client_host));
    let members: BTreeSet<String> = members.collect();
    AdminError::GroupInUse {
        group: group.group.clone(),
        members: match members.is_empty() {
            true => "one that has just joined".to_owned(),
            false => Vec::from_iter(members).join(", "),
        },
    }
}

impl Shared {
    pub(super) fn group(&self, name: &str) -> Result<GroupView, AdminError> {
        let unknown = || AdminError::UnknownGroup(name.to_owned());
        // Not a name that can be asked for.
        if name.is_empty() || name.contains('\0') {
            return Err(unknown());
        }
        self.groups(Some(name))?.pop().ok_or_else(unknown)
    }

    /// One group, or all.
    fn groups(&self, name: Option<&str>) -> Result<Vec<GroupView>, AdminError> {
        let list = self.reader.fetch_group_list(name, TIMEOUT)?;
        let mut groups: Vec<(GroupView, Committed)> = Vec::new();
        for group in list.groups() {
            let committed = native::committed_offsets(self.reader.client(), group.name(), TIMEOUT)?;
            groups.push((view(group), committed));
        }
        self.fill_lag(&mut groups)?;
        let mut groups: Vec<GroupView> = groups.into_iter().map(|(view, _)| view).collect();
        groups.sort_by(|a, b| a.group.cmp(&b.group));
        Ok(groups)
    }

    fn fill_lag(&self, groups: &mut [(GroupView, Committed)]) -> Result<(), AdminError> {
        let exists = offsets::led_partitions(&self.reader, TIMEOUT)?;
        let wanted: BTreeSet<(String, i32)> = groups
            .iter()
            .flat_map(|(_, committed)| committed)
            .map(|(topic, partition, _)| (topic.clone(), *partition))
            // Groups keep offsets of deleted topics; asking about those waits for them to appear.
            .filter(|partition| exists.contains(partition))
            .collect();
        let wanted = wanted
            .iter()
            .map(|(topic, partition)| (topic.as_str(), *partition));
        let next = offsets::at(&self.reader, wanted, Offset::End, TIMEOUT)?;
        for (view, committed) in groups {
            for (topic, partition, committed_offset) in committed.drain(..) {
                let Some(&next_offset) = next.get(&(topic.clone(), partition)) else {
                    continue;
                };
                let lag = (next_offset - committed_offset).max(0);
                view.lag += lag;
                view.partitions.push(GroupPartitionView {
                    topic,
                    partition,
                    committed_offset,
                    next_offset,
                    lag,
                });
            }
            view.partitions
                .sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        }
        Ok(())
    }
}

fn view(group: &GroupInfo) -> GroupView {
    let is_consumer = group.protocol_type() == CONSUMER_PROTOCOL;
    let assigned = |member: &GroupMemberInfo| {
        let assignment = member.assignment().filter(|_| is_consumer);
        let mut assigned = assignment.and_then(read_assignment).unwrap_or_default();
        assigned.sort();
        assigned
    };
    let members = group.members().iter().map(|member| MemberView {
        member_id: member.id().to_owned(),
        client_id: member.client_id().to_owned(),
        client_host: member.client_host().to_owned(),
        assigned: assigned(member),
    });
    GroupView {
        group: group.name().to_owned(),
        state: group.state().to_owned(),
        members: members.collect(),
        ..GroupView::default()
    }
}

/// The partitions in a member's assignment, as Kafka's consumers write it (ConsumerProtocolAssignment): the version, then
/// each topic with its partitions. `None` when it is something else: any client may write anything.
fn read_assignment(mut bytes: &[u8]) -> Option<Vec<TopicPartition>> {
    let _version = bytes.try_get_i16().ok()?;
    let topics = bytes.try_get_i32().ok()?;
    let mut assigned = Vec::new();
    for _ in 0..topics {
        let length = usize::try_from(bytes.try_get_i16().ok()?).ok()?;
        let (name, rest) = bytes.split_at_checked(length)?;
        let topic = std::str::from_utf8(name).ok()?;
        bytes = rest;
        let partitions = bytes.try_get_i32().ok()?;
        for _ in 0..partitions {
            assigned.push(TopicPartition {
                topic: topic.to_owned(),
                partition: bytes.try_get_i32().ok()?,
            });
        }
    }
    Some(assigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_anything_else_is_none() {
        let mut bytes = vec![0, 1, 0, 0, 0, 2];
        bytes.extend(b"\0\x01a\0\0\0\x02\0\0\0\0\0\0\0\x03");
        bytes.extend(b"\0\x02bb\0\0\0\x01\0\0\0\x07");
        // The member's own data follows.
        bytes.extend(b"\xff\xff\xff\xff");
        let assigned = read_assignment(&bytes).unwrap();
        let told: Vec<_> = assigned
            .iter()
            .map(|place| (place.topic.as_str(), place.partition))
            .collect();
        assert_eq!(told, [("a", 0), ("a", 3), ("bb", 7)]);
        for length in 0..bytes.len() - 4 {
            assert_eq!(read_assignment(&bytes[..length]), None, "{length} bytes");
        }
        let endless = b"\0\x01\x7f\xff\xff\xff\0\x01a\x7f\xff\xff\xff\0\0\0\0";
        assert_eq!(read_assignment(endless), None);
        assert_eq!(read_assignment(b"\0\x01\0\0\0\x01\xff\xff"), None);
    }
}
