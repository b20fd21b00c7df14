//! What is known of a burst so far.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use contract::{MessageId, Problem, Stage, Timestamp, status::MessageLife};

use super::series::series;
use crate::burst::{Burst, Order};

pub(super) struct Tally {
    id: String,
    count: u32,
    rate: u32,
    /// A message that has reached the last of them is done.
    stages: &'static [Stage],
    begun: Instant,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    sent: u32,
    failed: u32,
    problem: Option<Problem>,
    sending_us: u64,
    /// The messages that are not done.
    clicked: HashMap<MessageId, Clicked>,
    /// For each of the stages, in microseconds.
    times_us: [Vec<u64>; 2],
}

struct Clicked {
    at: Timestamp,
    /// Which of the stages it has reached.
    reached: [bool; 2],
}

impl Tally {
    pub(super) fn new(order: &Order, has_seer: bool) -> Self {
        Self {
            // When it began, which no other burst of this portal did, nor one of its runs before.
            id: Timestamp::from(SystemTime::now()).as_micros().to_string(),
            count: order.count,
            rate: order.rate,
            stages: match has_seer {
                true => &[Stage::Consumed, Stage::Indexed],
                false => &[Stage::Consumed],
            },
            begun: Instant::now(),
            counts: Mutex::default(),
        }
    }

    pub(super) fn sent(&self, id: MessageId, clicked: SystemTime) {
        let mut counts = self.counts();
        counts.sent += 1;
        counts.sending_us = self.begun.elapsed().as_micros() as u64;
        let clicked = Clicked {
            at: clicked.into(),
            reached: [false; 2],
        };
        counts.clicked.insert(id, clicked);
    }

    pub(super) fn failed(&self, problem: Problem) {
        let mut counts = self.counts();
        counts.failed += 1;
        counts.problem = Some(problem);
    }

    pub(super) fn failures(&self) -> u32 {
        self.counts().failed
    }

    /// Whether nothing more is to be learned of a message.
    pub(super) fn learn(&self, life: &MessageLife) -> bool {
        let mut counts = self.counts();
        let Counts {
            clicked, times_us, ..
        } = &mut *counts;
        let Some(message) = clicked.get_mut(&life.id) else {
            return true;
        };
        for (index, stage) in self.stages.iter().enumerate() {
            let reached = life.stages.iter().find(|reached| reached.stage == *stage);
            let Some(reached) = reached.filter(|_| !message.reached[index]) else {
                continue;
            };
            message.reached[index] = true;
            times_us[index].push(reached.at.micros_since(message.at));
        }
        let is_done = message
            .reached
            .iter()
            .take(self.stages.len())
            .all(|reached| *reached)
            || life.stage == Stage::Dead;
        if is_done {
            clicked.remove(&life.id);
        }
        is_done
    }

    pub(super) fn burst(&self) -> Burst {
        let mut counts = self.counts();
        let Counts { times_us, .. } = &mut *counts;
        let stages = self.stages.iter().zip(times_us);
        let stages = stages.map(|(stage, times_us)| series(*stage, times_us));
        let stages = stages.collect();
        Burst {
            id: self.id.clone(),
            count: self.count,
            rate: self.rate,
            sent: counts.sent,
            failed: counts.failed,
            problem: counts.problem.clone(),
            sending_us: counts.sending_us,
            stages,
            ended: false,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use contract::status::StageReached;

    use super::*;

    fn order() -> Order {
        Order {
            topic: "stream".to_owned(),
            key: String::new(),
            message: "m".to_owned(),
            count: 2,
            rate: 100,
        }
    }

    fn life(id: MessageId, stages: &[(Stage, Timestamp)]) -> MessageLife {
        let reached = stages.iter().map(|(stage, at)| StageReached {
            stage: *stage,
            at: *at,
            component: String::new(),
            took_us: 0,
            error: None,
        });
        MessageLife {
            id,
            topic: "stream".to_owned(),
            partition: 0,
            offset: 0,
            key: None,
            stage: stages.last().unwrap().0,
            trace_id: None,
            stages: reached.collect(),
        }
    }

    #[test]
    fn each_message_counts_once_for_each_stage() {
        let tally = Tally::new(&order(), true);
        let id = MessageId::of_record("stream", 0, 0);
        let clicked = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let at = |millis: i64| Timestamp::from_millis(1_000 + millis);
        tally.sent(id, clicked);
        let consumed = life(id, &[(Stage::Consumed, at(3))]);
        assert!(!tally.learn(&consumed));
        assert!(
            !tally.learn(&consumed),
            "told again, as after a broken stream"
        );
        assert!(tally.learn(&life(
            id,
            &[(Stage::Consumed, at(3)), (Stage::Indexed, at(40))]
        )));
        let burst = tally.burst();
        assert_eq!((burst.sent, burst.failed), (1, 0));
        let told: Vec<_> = burst
            .stages
            .iter()
            .map(|series| (series.stage, series.count, series.p50_us))
            .collect();
        assert_eq!(
            told,
            [(Stage::Consumed, 1, 3_000), (Stage::Indexed, 1, 40_000)]
        );
    }

    #[test]
    fn without_a_seer_consumed_is_done_and_the_dead_are_not_waited_for() {
        let tally = Tally::new(&order(), false);
        let [done, dead] = [0, 1].map(|offset| MessageId::of_record("stream", 0, offset));
        for id in [done, dead] {
            tally.sent(id, SystemTime::now());
        }
        let now = Timestamp::from(SystemTime::now());
        assert!(tally.learn(&life(done, &[(Stage::Consumed, now)])));
        assert!(tally.learn(&life(dead, &[(Stage::Dead, now)])));
        let burst = tally.burst();
        assert_eq!(burst.stages.len(), 1);
        assert_eq!((burst.sent, burst.stages[0].count), (2, 1));
    }
}
