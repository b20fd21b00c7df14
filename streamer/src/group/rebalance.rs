use std::time::Duration;

use kafka_protocol::ResponseError;
use tokio::time::Instant;
use tracing::info;

use super::config::Config;
use super::state::{Group, State};

/// A client may ask for a rebalance timeout of zero, and only static members that are away remain.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);

/// How a group gets from one generation to the next: everyone joins (PreparingRebalance), the leader
/// hands out the assignment (CompletingRebalance), and it is Stable until someone comes or goes.
impl Group {
    pub(super) fn prepare_rebalance(&mut self, config: &Config, now: Instant) {
        match self.state {
            State::PreparingRebalance => self.collect_longer(config, now),
            State::Empty => {
                self.collects_until = Some(now + self.rebalance_timeout());
                self.rebalance_ends_at = Some(
                    now + config
                        .initial_rebalance_delay()
                        .min(self.rebalance_timeout()),
                );
            }
            State::CompletingRebalance | State::Stable => {
                for member in self.members.values_mut() {
                    member.answer_sync(super::sync::refusal(ResponseError::RebalanceInProgress));
                }
                self.rebalance_ends_at = Some(now + self.rebalance_timeout());
            }
        }
        self.state = State::PreparingRebalance;
        self.unsynced.clear();
        self.sync_ends_at = None;
        self.advance_rebalance(now);
    }

    /// Each further member of a new group prolongs the wait for still more, within the rebalance timeout.
    fn collect_longer(&mut self, config: &Config, now: Instant) {
        if let Some(latest) = self.collects_until {
            self.rebalance_ends_at = Some((now + config.initial_rebalance_delay()).min(latest));
        }
    }

    /// Begins the next generation if everyone is there or the time is over.
    pub(super) fn advance_rebalance(&mut self, now: Instant) {
        if self.state != State::PreparingRebalance {
            return;
        }
        let is_over = self.rebalance_ends_at.is_none_or(|ends_at| now >= ends_at);
        let is_complete =
            self.invited.is_empty() && self.members.values().all(|member| member.is_joining());
        if is_over || (is_complete && (self.collects_until.is_none() || self.members.is_empty())) {
            self.begin_generation(now);
        }
    }

    fn begin_generation(&mut self, now: Instant) {
        // Static members keep their place until their session ends, even if they did not join in time.
        let is_late =
            |member: &super::member::Member| !member.is_joining() && member.instance_id.is_none();
        let late: Vec<String> = self
            .members
            .values()
            .filter(|member| is_late(member))
            .map(|member| member.id.clone())
            .collect();
        for member_id in late {
            info!(
                member_id,
                "a member did not join the rebalance in time and is removed from its group"
            );
            self.forget_member(&member_id);
        }
        if !self.members.is_empty() && !self.elect_joined_leader() {
            self.rebalance_ends_at = Some(now + self.rebalance_timeout().max(SHORTEST_RETRY));
            return;
        }
        self.rebalance_ends_at = None;
        self.collects_until = None;
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        if self.members.is_empty() {
            self.state = State::Empty;
            self.protocol = None;
            self.leader = None;
            return;
        }
        self.state = State::CompletingRebalance;
        self.protocol = self.choose_protocol();
        self.sync_ends_at = Some(now + self.rebalance_timeout());
        self.unsynced = self.members.keys().cloned().collect();
        let answers: Vec<_> = self
            .members
            .keys()
            .map(|id| (id.clone(), self.joined(id)))
            .collect();
        for (member_id, answer) in answers {
            if let Some(member) = self.members.get_mut(&member_id) {
                member.is_new = false;
                member.renew_session(now);
                member.answer_join(answer);
            }
        }
    }

    fn elect_joined_leader(&mut self) -> bool {
        let is_joining = |id: &String| {
            self.members
                .get(id)
                .is_some_and(|member| member.is_joining())
        };
        if self.leader.as_ref().is_some_and(is_joining) {
            return true;
        }
        match self.members.values().find(|member| member.is_joining()) {
            Some(member) => {
                self.leader = Some(member.id.clone());
                true
            }
            None => false,
        }
    }

    /// A member leaves or is expelled; the others share its work.
    pub(super) fn remove_member(&mut self, member_id: &str, config: &Config, now: Instant) {
        self.forget_member(member_id);
        match self.state {
            State::CompletingRebalance | State::Stable => self.prepare_rebalance(config, now),
            State::PreparingRebalance => self.advance_rebalance(now),
            State::Empty => {}
        }
    }

    fn forget_member(&mut self, member_id: &str) {
        let Some(mut member) = self.members.remove(member_id) else {
            return;
        };
        member.refuse(ResponseError::UnknownMemberId);
        self.unsynced.remove(member_id);
        if let Some(instance_id) = &member.instance_id {
            self.static_members.remove(instance_id);
        }
        if self.is_leader(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
    }

    /// Does what is due: ends sessions, invitations, rebalances and waits for the assignment.
    pub(super) fn expire(&mut self, config: &Config, now: Instant) {
        self.invited.retain(|_, expires_at| *expires_at > now);
        let is_over = |expires_at: Option<Instant>| expires_at.is_some_and(|at| at <= now);
        let mut expired: Vec<String> = self
            .members
            .values()
            .filter(|member| is_over(member.expires_at()))
            .map(|member| member.id.clone())
            .collect();
        if is_over(self.sync_ends_at) {
            // They got the new generation but never asked for their share of it.
            expired.extend(self.unsynced.iter().cloned());
            self.sync_ends_at = None;
        }
        for member_id in expired {
            info!(
                member_id,
                "a member's session ended and it is removed from its group"
            );
            self.remove_member(&member_id, config, now);
        }
        self.advance_rebalance(now);
    }
}
