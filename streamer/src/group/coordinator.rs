use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use kafka_protocol::ResponseError;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::config::Config;
use super::journal::Journal;
use super::offsets::{Entry, Offsets};
use super::state::{Group, State};

/// How often offsets are looked through for those whose retention is over.
const RETENTION_CHECK_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// All groups of the broker. One lock guards them together with the journal: what they do is small
/// and an entry is one short write, so there is nothing to gain from a lock for each.
pub struct Coordinator {
    pub(super) config: Config,
    inner: Mutex<Inner>,
    /// Wakes the clock when something may now be due earlier than it sleeps for.
    earlier: Notify,
}

pub(super) struct Inner {
    pub(super) groups: HashMap<String, Group>,
    pub(super) offsets: Offsets,
    journal: Journal,
    sleeps_until: Option<Instant>,
    opened_at_ms: i64,
}

impl Coordinator {
    /// Recovers groups and offsets from the folder. Blocks on file IO.
    pub fn open(folder: &Path, config: Config) -> anyhow::Result<Coordinator> {
        let (journal, entries) =
            Journal::open(folder).context("cannot recover the consumer groups")?;
        let mut inner = Inner {
            groups: HashMap::new(),
            offsets: Offsets::default(),
            journal,
            sleeps_until: None,
            opened_at_ms: now_ms(),
        };
        for entry in entries {
            inner.recover(entry);
        }
        info!(groups = inner.groups.len(), "recovered consumer groups");
        Ok(Coordinator {
            config,
            inner: Mutex::new(inner),
            earlier: Notify::new(),
        })
    }

    /// Ends sessions and rebalances in time, and removes old offsets, until `stop`; then flushes.
    pub async fn run(&self, stop: CancellationToken) {
        let mut next_retention_check = Instant::now() + RETENTION_CHECK_INTERVAL;
        while !stop.is_cancelled() {
            let now = Instant::now();
            if now >= next_retention_check {
                next_retention_check = now + RETENTION_CHECK_INTERVAL;
                self.inner
                    .lock()
                    .drop_old_offsets(self.config.offsets_retention_ms(), now_ms());
            }
            let wakes_at = self
                .expire(now)
                .unwrap_or(next_retention_check)
                .min(next_retention_check);
            tokio::select! {
                () = tokio::time::sleep_until(wakes_at) => {}
                () = self.earlier.notified() => {}
                () = stop.cancelled() => {}
            }
        }
        if let Err(error) = self.inner.lock().journal.flush() {
            error!(
                error = format!("{error:#}"),
                "consumer groups may not be on disk"
            );
        }
    }

    /// Forgets the offsets of a topic that was deleted.
    pub fn topic_deleted(&self, topic: &str) {
        self.forget_topics(|name| name == topic);
    }

    /// Forgets the offsets of topics that are no more: the broker died between deleting a topic and
    /// telling so here.
    pub fn keep_topics(&self, exists: impl Fn(&str) -> bool) {
        self.forget_topics(|name| !exists(name));
    }

    fn forget_topics(&self, is_gone: impl Fn(&str) -> bool) {
        let mut inner = self.inner.lock();
        let entries = inner.offsets.of_topics(is_gone);
        if entries
            .into_iter()
            .try_for_each(|entry| inner.record(entry))
            .is_err()
        {
            warn!("offsets of deleted topics could not be removed and stay until the next start");
        }
    }

    /// Runs `change` on a group under the lock and does what follows from it. `None`: no such group.
    pub(super) fn with_group<T>(
        &self,
        group_id: &str,
        change: impl FnOnce(&mut Group, Instant) -> T,
    ) -> Option<T> {
        let mut inner = self.inner.lock();
        let result = inner.change(group_id, |group| change(group, Instant::now()))?;
        let due_at = inner.groups.get(group_id).and_then(Group::next_deadline);
        if let Some(due_at) = due_at
            && inner
                .sleeps_until
                .is_none_or(|sleeps_until| due_at < sleeps_until)
        {
            self.earlier.notify_one();
        }
        Some(result)
    }

    /// As `with_group`, making the group first if need be.
    pub(super) fn with_new_group<T>(
        &self,
        group_id: &str,
        change: impl FnOnce(&mut Group, Instant) -> T,
    ) -> Result<T, ResponseError> {
        self.inner
            .lock()
            .ensure_group(group_id, self.config.max_groups)?;
        self.with_group(group_id, change)
            .ok_or(ResponseError::CoordinatorNotAvailable)
    }

    /// For requests about offsets, which need the groups and the journal together.
    pub(super) fn with_inner<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.inner.lock())
    }

    fn expire(&self, now: Instant) -> Option<Instant> {
        let mut inner = self.inner.lock();
        let is_due = |group: &Group| group.next_deadline().is_some_and(|due_at| due_at <= now);
        let due: Vec<String> = inner
            .groups
            .iter()
            .filter(|(_, group)| is_due(group))
            .map(|(id, _)| id.clone())
            .collect();
        for group_id in due {
            inner.change(&group_id, |group| group.expire(&self.config, now));
        }
        inner.sleeps_until = inner.groups.values().filter_map(Group::next_deadline).min();
        inner.sleeps_until
    }
}

impl Inner {
    fn recover(&mut self, entry: Entry) {
        let group_id = match &entry {
            Entry::Generation { group, .. }
            | Entry::Commit { group, .. }
            | Entry::Forget { group, .. } => group,
            Entry::DeleteGroup { group } => {
                self.groups.remove(group);
                return self.offsets.apply(entry);
            }
        };
        let group = self
            .groups
            .entry(group_id.clone())
            .or_insert_with(|| Group::new(now_ms()));
        if let Entry::Generation {
            generation,
            protocol_type,
            ..
        } = &entry
        {
            group.generation = *generation;
            group.protocol_type = protocol_type.clone();
        }
        self.offsets.apply(entry);
    }

    pub(super) fn ensure_group(
        &mut self,
        group_id: &str,
        max_groups: usize,
    ) -> Result<(), ResponseError> {
        if self.groups.contains_key(group_id) {
            return Ok(());
        }
        if self.groups.len() >= max_groups {
            warn!(
                group_id,
                max_groups, "a new consumer group was refused: there are too many"
            );
            return Err(ResponseError::PolicyViolation);
        }
        self.groups
            .insert(group_id.to_owned(), Group::new(now_ms()));
        Ok(())
    }

    fn change<T>(&mut self, group_id: &str, change: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let group = self.groups.get_mut(group_id)?;
        let (generation_before, state_before) = (group.generation, group.state);
        let result = change(group);
        if group.state == State::Empty && state_before != State::Empty {
            group.empty_since_ms = now_ms();
        }
        if group.generation != generation_before {
            let (generation, state, members) =
                (group.generation, group.state.name(), group.members.len());
            info!(
                group_id,
                generation, state, members, "a group begins a new generation"
            );
            let entry = Entry::Generation {
                group: group_id.to_owned(),
                generation,
                protocol_type: group.protocol_type.clone(),
            };
            // Only the number is at stake, and members of a lost generation are unknown anyway.
            let _ = self.record(entry);
        }
        Some(result)
    }

    /// Writes the entry to the journal, then takes it over.
    pub(super) fn record(&mut self, entry: Entry) -> Result<(), ResponseError> {
        if let Err(error) = self.journal.append(&entry) {
            error!(
                error = format!("{error:#}"),
                "a change of a consumer group was refused"
            );
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        self.offsets.apply(entry);
        if self.journal.is_wasteful() {
            let generations = self.groups.iter().map(|(id, group)| Entry::Generation {
                group: id.clone(),
                generation: group.generation,
                protocol_type: group.protocol_type.clone(),
            });
            if let Err(error) = self
                .journal
                .rewrite(generations.chain(self.offsets.entries()))
            {
                warn!(
                    error = format!("{error:#}"),
                    "cannot rewrite the journal of groups, it goes on growing"
                );
            }
        }
        Ok(())
    }

    pub(super) fn delete_group(&mut self, group_id: &str) -> Result<(), ResponseError> {
        self.record(Entry::DeleteGroup {
            group: group_id.to_owned(),
        })?;
        self.groups.remove(group_id);
        Ok(())
    }

    /// Kafka's rules: offsets leave when their group has been empty for the retention, those of
    /// clients that never joined, or of topics a group no longer reads, after their own age. But the
    /// time the broker was down does not count: nobody could have come back meanwhile.
    pub(super) fn drop_old_offsets(&mut self, retention_ms: i64, now_ms: i64) {
        let opened_at_ms = self.opened_at_ms;
        let is_over =
            |since_ms: i64| now_ms.saturating_sub(since_ms.max(opened_at_ms)) >= retention_ms;
        let mut changes = Vec::new();
        for (group_id, group) in &self.groups {
            let is_empty = group.state == State::Empty;
            let partitions =
                self.offsets
                    .select(group_id, |topic, committed| match committed.expires_at {
                        Some(expires_at) => now_ms >= expires_at,
                        None if is_empty && group.protocol_type.is_some() => {
                            is_over(group.empty_since_ms)
                        }
                        None if is_empty => is_over(committed.committed_at),
                        None => {
                            group.is_consumer_group()
                                && !group.is_subscribed_to(topic)
                                && is_over(committed.committed_at)
                        }
                    });
            if !partitions.is_empty() {
                info!(
                    group_id,
                    partitions = partitions.len(),
                    "removing offsets whose retention is over"
                );
                changes.push(Entry::Forget {
                    group: group_id.clone(),
                    partitions,
                });
            }
        }
        let forgotten = changes.into_iter().try_for_each(|entry| self.record(entry));
        let is_idle = |(id, group): &(&String, &Group)| {
            group.state == State::Empty && group.invited.is_empty() && !self.offsets.has_any(id)
        };
        let idle: Vec<String> = self
            .groups
            .iter()
            .filter(is_idle)
            .map(|(id, _)| id.clone())
            .collect();
        let deleted = idle
            .iter()
            .try_for_each(|group_id| self.delete_group(group_id));
        if forgotten.and(deleted).is_err() {
            warn!("old offsets could not be removed, to be tried again");
        }
    }
}

pub(super) fn now_ms() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
