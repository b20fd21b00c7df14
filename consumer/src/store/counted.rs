//! The messages between two times in numbers, added up row by row.
//!
//! Databases select the rows and this adds up: percentiles in SQL would sort the rows once for each step.

use contract::{
    Stage, Timestamp,
    status::{LifeStats, StepTimes},
};

/// Messages that are looked at; beyond it only the newest count.
pub(super) const MESSAGES_MAX: usize = 1_000_000;
/// How far the clock of whoever wrote a message may be ahead of ours. Rows that were made earlier than this before the time
/// that is asked for cannot be of messages streamed in it, so that a short time is counted fast.
pub(super) const CLOCK_AHEAD_US: i64 = 3_600_000_000;

/// When a message reached each stage, in the order of [`Stage::ALL`]; microseconds since 1970.
pub(super) type Reached = [Option<i64>; Stage::ALL.len()];

pub(super) struct Counted {
    since: i64,
    until: i64,
    bucket_us: i64,
    pub(super) messages: u64,
    reached: [Vec<u64>; Stage::ALL.len()],
    steps: [Step; 4],
}

struct Step {
    from: Stage,
    to: Stage,
    took_us: Vec<u64>,
}

impl Step {
    const fn new(from: Stage, to: Stage) -> Self {
        Self {
            from,
            to,
            took_us: Vec::new(),
        }
    }
}

impl Counted {
    pub(super) fn new(since: i64, until: i64, buckets: usize) -> Self {
        let buckets = buckets.max(1);
        let length = until.saturating_sub(since).max(1);
        Self {
            since,
            until,
            // Rounded up, so that the buckets cover the time.
            bucket_us: (length - 1) / buckets as i64 + 1,
            messages: 0,
            reached: std::array::from_fn(|_| vec![0; buckets]),
            steps: [
                Step::new(Stage::Accepted, Stage::Streamed),
                Step::new(Stage::Streamed, Stage::Consumed),
                Step::new(Stage::Consumed, Stage::Indexed),
                Step::new(Stage::Accepted, Stage::Indexed),
            ],
        }
    }

    pub(super) fn add(&mut self, reached: &Reached) {
        self.messages += 1;
        for (at, buckets) in reached.iter().zip(&mut self.reached) {
            if let Some(at) = at.filter(|at| (self.since..self.until).contains(at)) {
                let bucket = (at - self.since) / self.bucket_us;
                buckets[bucket as usize] += 1;
            }
        }
        for step in &mut self.steps {
            let mut from = reached[step.from as usize];
            // The whole way, which begins in the log for records of other clients.
            if (step.from, step.to) == (Stage::Accepted, Stage::Indexed) {
                from = from.or(reached[Stage::Streamed as usize]);
            }
            if let (Some(from), Some(to)) = (from, reached[step.to as usize]) {
                step.took_us.push(u64::try_from(to - from).unwrap_or(0));
            }
        }
    }

    pub(super) fn stats(self, complete: bool) -> LifeStats {
        LifeStats {
            since: Timestamp::from_micros(self.since),
            until: Timestamp::from_micros(self.until),
            messages: self.messages,
            complete,
            bucket_us: u64::try_from(self.bucket_us).unwrap_or(0),
            reached: Stage::ALL.into_iter().zip(self.reached).collect(),
            steps: self.steps.into_iter().map(step_times).collect(),
        }
    }
}

fn step_times(step: Step) -> StepTimes {
    let mut took_us = step.took_us;
    StepTimes {
        from: step.from,
        to: step.to,
        messages: took_us.len() as u64,
        p50_us: percentile(&mut took_us, 50),
        p95_us: percentile(&mut took_us, 95),
        p99_us: percentile(&mut took_us, 99),
    }
}

/// The smallest value that so many percent of all do not exceed; 0 of none.
fn percentile(values: &mut [u64], percent: usize) -> u64 {
    if values.is_empty() {
        return 0;
    }
    let rank = (values.len() * percent).div_ceil(100).max(1);
    *values.select_nth_unstable(rank - 1).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut values: Vec<u64> = (1..=200).rev().collect();
        assert_eq!(percentile(&mut values, 50), 100);
        assert_eq!(percentile(&mut values, 95), 190);
        assert_eq!(percentile(&mut values, 99), 198);
        assert_eq!(percentile(&mut [7], 99), 7);
        assert_eq!(percentile(&mut [], 50), 0);
    }

    #[test]
    fn buckets_cover_the_time_and_steps_are_timed() {
        // Ten microseconds in three buckets: of four each.
        let mut counted = Counted::new(100, 110, 3);
        counted.add(&[Some(100), Some(101), Some(104), Some(109), None]);
        counted.add(&[None, Some(103), Some(110), Some(140), None]);
        counted.add(&[Some(107), Some(108), None, None, Some(108)]);
        let stats = counted.stats(true);
        assert_eq!((stats.messages, stats.bucket_us), (3, 4));
        let reached = |stage| stats.reached[&stage].clone();
        assert_eq!(reached(Stage::Accepted), [1, 1, 0]);
        assert_eq!(reached(Stage::Streamed), [2, 0, 1]);
        assert_eq!(
            reached(Stage::Consumed),
            [0, 1, 0],
            "later ones are in none"
        );
        assert_eq!(reached(Stage::Indexed), [0, 0, 1]);
        assert_eq!(reached(Stage::Dead), [0, 0, 1]);
        let steps: Vec<_> = stats
            .steps
            .iter()
            .map(|step| (step.from, step.to, step.messages, step.p50_us, step.p99_us))
            .collect();
        assert_eq!(
            steps,
            [
                (Stage::Accepted, Stage::Streamed, 2, 1, 1),
                (Stage::Streamed, Stage::Consumed, 2, 3, 7),
                (Stage::Consumed, Stage::Indexed, 2, 5, 30),
                (Stage::Accepted, Stage::Indexed, 2, 9, 37),
            ]
        );
    }
}
