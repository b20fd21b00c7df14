use std::collections::BTreeSet;

use contract::cluster::{GroupPartitionView, GroupView, MemberView};
use rdkafka::{Offset, consumer::Consumer};

use super::{Admin, AdminError, Shared, TIMEOUT};
use crate::{native, offsets};

type Committed = Vec<(String, i32, i64)>;

impl Admin {
    /// All consumer groups, by name, with what they have committed and what they have yet to read.
    pub async fn groups(&self) -> Result<Vec<GroupView>, AdminError> {
        self.blocking(Shared::groups).await
    }
}

impl Shared {
    fn groups(&self) -> Result<Vec<GroupView>, AdminError> {
        let list = self.reader.fetch_group_list(None, TIMEOUT)?;
        let mut groups: Vec<(GroupView, Committed)> = Vec::new();
        for group in list.groups() {
            let members = group.members().iter().map(|member| MemberView {
                member_id: member.id().to_owned(),
                client_id: member.client_id().to_owned(),
                client_host: member.client_host().to_owned(),
            });
            let view = GroupView {
                group: group.name().to_owned(),
                state: group.state().to_owned(),
                members: members.collect(),
                lag: 0,
                partitions: Vec::new(),
            };
            let committed = native::committed_offsets(self.reader.client(), group.name(), TIMEOUT)
                .map_err(|error| AdminError::Unavailable(error.to_string()))?;
            groups.push((view, committed));
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
