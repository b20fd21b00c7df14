//! The consumer groups, what they have yet to read and how fast they read it, as the consumer says.

use std::{cmp::Ordering, time::Instant};

use contract::cluster::{GroupPartitionView, GroupView};

use super::{
    figures,
    freshness::Freshness,
    listing::{Column, Listing, Row, compare_rates},
};

pub(super) struct Groups {
    pub(super) list: Listing<GroupRow>,
    heard: Vec<GroupView>,
    pub(super) freshness: Freshness,
    /// The group that was drilled into, and its partitions.
    opened: Option<String>,
    pub(super) partitions: Listing<PartitionRow>,
}

pub(super) struct GroupRow {
    name: String,
    state: String,
    members: usize,
    lag: i64,
    rate: Option<f64>,
}

pub(super) struct PartitionRow {
    /// `topic:partition`
    name: String,
    topic: String,
    partition: i32,
    committed: i64,
    next: i64,
    lag: i64,
    /// The client id of the member that has it.
    reader: String,
}

impl Groups {
    pub(super) fn new() -> Self {
        Self {
            list: Listing::sorted_by(0),
            heard: Vec::new(),
            freshness: Freshness::default(),
            opened: None,
            partitions: partitions_by_lag(),
        }
    }

    pub(super) fn hear(&mut self, at: Instant, groups: Result<Vec<GroupView>, String>) {
        match groups {
            Ok(groups) => {
                self.heard = groups;
                self.freshness.heard(at);
            }
            Err(reason) => self.freshness.failed(reason),
        }
        self.list_anew();
    }

    /// Drills into the chosen group, if there is one.
    pub(super) fn open_chosen(&mut self) -> bool {
        let Some(name) = self.list.chosen().map(|row| row.name.clone()) else {
            return false;
        };
        self.opened = Some(name);
        self.partitions = partitions_by_lag();
        self.list_anew();
        true
    }

    pub(super) fn opened_name(&self) -> &str {
        self.opened.as_deref().unwrap_or_default()
    }

    /// Absent when the group has vanished meanwhile.
    pub(super) fn opened(&self) -> Option<&GroupView> {
        let name = self.opened.as_deref()?;
        self.heard.iter().find(|group| group.group == name)
    }

    fn list_anew(&mut self) {
        let rows = self.heard.iter().map(|group| GroupRow {
            name: group.group.clone(),
            state: group.state.clone(),
            members: group.members.len(),
            lag: group.lag,
            rate: group.rate.filter(|_| self.freshness.is_current()),
        });
        self.list.replace(rows.collect());
        let rows = self.opened().map(|group| {
            let partitions = group.partitions.iter();
            partitions.map(|view| partition_row(group, view)).collect()
        });
        self.partitions.replace(rows.unwrap_or_default());
    }
}

fn partition_row(group: &GroupView, view: &GroupPartitionView) -> PartitionRow {
    let mut members = group.members.iter();
    let reader = members.find(|member| {
        let mut assigned = member.assigned.iter();
        assigned.any(|place| place.topic == view.topic && place.partition == view.partition)
    });
    PartitionRow {
        name: format!("{}:{}", view.topic, view.partition),
        topic: view.topic.clone(),
        partition: view.partition,
        committed: view.committed_offset,
        next: view.next_offset,
        lag: view.lag,
        reader: reader.map_or_else(
            || figures::UNKNOWN.to_owned(),
            |member| member.client_id.clone(),
        ),
    }
}

fn partitions_by_lag() -> Listing<PartitionRow> {
    Listing::sorted_by(PartitionRow::LAG)
}

impl Row for GroupRow {
    const COLUMNS: &'static [Column] = &[
        Column::name("group"),
        Column::name("state"),
        Column::number("members"),
        Column::number("lag"),
        Column::number("records/s"),
    ];

    fn name(&self) -> &str {
        &self.name
    }

    fn compare(&self, other: &Self, column: usize) -> Ordering {
        match column {
            0 => self.name.cmp(&other.name),
            1 => self.state.cmp(&other.state),
            2 => self.members.cmp(&other.members),
            3 => self.lag.cmp(&other.lag),
            _ => compare_rates(self.rate, other.rate),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.state.clone(),
            self.members.to_string(),
            figures::count(self.lag),
            figures::rate(self.rate),
        ]
    }
}

impl PartitionRow {
    const LAG: usize = 3;
}

impl Row for PartitionRow {
    const COLUMNS: &'static [Column] = &[
        Column::name("partition"),
        Column::number("committed"),
        Column::number("next offset"),
        Column::number("lag"),
        Column::name("read by"),
    ];

    fn name(&self) -> &str {
        &self.name
    }

    fn compare(&self, other: &Self, column: usize) -> Ordering {
        match column {
            0 => (&self.topic, self.partition).cmp(&(&other.topic, other.partition)),
            1 => self.committed.cmp(&other.committed),
            2 => self.next.cmp(&other.next),
            Self::LAG => self.lag.cmp(&other.lag),
            _ => self.reader.cmp(&other.reader),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            figures::count(self.committed),
            figures::count(self.next),
            figures::count(self.lag),
            self.reader.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples::group;

    #[test]
    fn partitions_come_by_lag_and_tell_who_reads_them() {
        let now = Instant::now();
        let mut groups = Groups::new();
        let mut billing = group("billing", &[(10, 10), (20, 100)]);
        billing.members[0].assigned.truncate(1);
        groups.hear(now, Ok(vec![billing]));
        assert!(groups.open_chosen());
        let rows = groups.partitions.window(20).1;
        let rows: Vec<_> = rows.map(|row| row.cells().join(" ")).collect();
        assert_eq!(rows, ["orders:1 20 100 80 –", "orders:0 10 10 0 billing"]);
        let rows = groups.list.window(20).1;
        let rows: Vec<_> = rows.map(|row| row.cells().join(" ")).collect();
        assert_eq!(rows, ["billing Stable 1 80 12"]);
        // It has gone: nothing is shown of it, and it is found again when it is back.
        groups.hear(now, Ok(Vec::new()));
        assert!(groups.opened().is_none() && groups.partitions.len() == 0);
        assert_eq!(groups.opened_name(), "billing");
    }
}
