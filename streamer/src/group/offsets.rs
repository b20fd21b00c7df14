use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

/// What is written to the journal, and all that survives a restart. Replaying the entries in order
/// gives the state; a future kind (offsets pending in a transaction) is a further variant.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    Generation {
        group: String,
        generation: i32,
        protocol_type: Option<String>,
    },
    Commit {
        group: String,
        offsets: Vec<(String, i32, Committed)>,
    },
    Forget {
        group: String,
        partitions: Vec<(String, i32)>,
    },
    DeleteGroup {
        group: String,
    },
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Committed {
    pub(super) offset: i64,
    pub(super) leader_epoch: i32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) metadata: String,
    /// Wall-clock milliseconds.
    pub(super) committed_at: i64,
    /// Set by old clients that ask for a retention of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<i64>,
}

/// Topic → partition → offset.
pub(super) type GroupOffsets = BTreeMap<String, BTreeMap<i32, Committed>>;

/// The committed offsets of all groups.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    groups: HashMap<String, GroupOffsets>,
}

impl Offsets {
    pub(super) fn get(&self, group: &str, topic: &str, partition: i32) -> Option<&Committed> {
        self.groups.get(group)?.get(topic)?.get(&partition)
    }

    pub(super) fn of_group(&self, group: &str) -> Option<&GroupOffsets> {
        self.groups.get(group)
    }

    pub(super) fn has_any(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// Takes over one entry of the journal.
    pub(super) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Generation { .. } => {}
            Entry::Commit { group, offsets } => {
                let topics = self.groups.entry(group).or_default();
                for (topic, partition, committed) in offsets {
                    topics
                        .entry(topic)
                        .or_default()
                        .insert(partition, committed);
                }
            }
            Entry::Forget { group, partitions } => self.forget(&group, &partitions),
            Entry::DeleteGroup { group } => {
                self.groups.remove(&group);
            }
        }
    }

    fn forget(&mut self, group: &str, partitions: &[(String, i32)]) {
        let Some(topics) = self.groups.get_mut(group) else {
            return;
        };
        for (topic, partition) in partitions {
            if let Some(offsets) = topics.get_mut(topic) {
                offsets.remove(partition);
            }
        }
        topics.retain(|_, offsets| !offsets.is_empty());
        if topics.is_empty() {
            self.groups.remove(group);
        }
    }

    /// The partitions of one group for which `is_chosen`.
    pub(super) fn select(
        &self,
        group: &str,
        is_chosen: impl Fn(&str, &Committed) -> bool,
    ) -> Vec<(String, i32)> {
        let topics = self.groups.get(group).into_iter().flatten();
        topics
            .flat_map(|(topic, offsets)| {
                offsets
                    .iter()
                    .map(move |(partition, committed)| (topic, partition, committed))
            })
            .filter(|(topic, _, committed)| is_chosen(topic, committed))
            .map(|(topic, partition, _)| (topic.clone(), *partition))
            .collect()
    }

    /// For each group with offsets of these topics, the entry that forgets them.
    pub(super) fn of_topics(&self, is_chosen: impl Fn(&str) -> bool) -> Vec<Entry> {
        let forget = |group: &String| Entry::Forget {
            group: group.clone(),
            partitions: self.select(group, |topic, _| is_chosen(topic)),
        };
        let has_topic = |topics: &GroupOffsets| topics.keys().any(|topic| is_chosen(topic));
        self.groups
            .iter()
            .filter(|(_, topics)| has_topic(topics))
            .map(|(group, _)| forget(group))
            .collect()
    }

    /// The shortest journal that leads to this state.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.groups.iter().map(|(group, topics)| Entry::Commit {
            group: group.clone(),
            offsets: topics
                .iter()
                .flat_map(|(topic, offsets)| {
                    offsets.iter().map(|(partition, committed)| {
                        (topic.clone(), *partition, committed.clone())
                    })
                })
                .collect(),
        })
    }
}
