use std::time::Instant;

use contract::Stage;
use parking_lot::Mutex;

use crate::store::StageCounts;

/// Seconds over which rates are taken.
const WINDOW_S: u64 = 10;

/// How many messages have reached each stage, and how fast. Fed by the intake, read by whoever asks.
pub(crate) struct Totals {
    started: Instant,
    state: Mutex<State>,
}

struct State {
    total: StageCounts,
    /// A ring: the slot of a second is its number modulo the window.
    seconds: [(u64, StageCounts); WINDOW_S as usize],
}

impl Totals {
    /// Goes on from what the store has.
    pub(crate) fn new(total: StageCounts) -> Self {
        Self {
            started: Instant::now(),
            state: Mutex::new(State {
                total,
                seconds: Default::default(),
            }),
        }
    }

    /// Takes what the store has counted by now, and returns how much that is more than before. A count that is less than one
    /// before was taken earlier: it comes late and changes nothing.
    pub(crate) fn reach(&self, total: &StageCounts) -> StageCounts {
        self.reach_at(self.started.elapsed().as_secs(), total)
    }

    pub(crate) fn total(&self, stage: Stage) -> u64 {
        self.state.lock().total.get(stage)
    }

    /// Messages per second over the last ten.
    pub(crate) fn rate(&self, stage: Stage) -> f64 {
        self.rate_at(self.started.elapsed().as_secs(), stage)
    }

    fn reach_at(&self, second: u64, total: &StageCounts) -> StageCounts {
        let mut state = self.state.lock();
        let reached = &total.since(&state.total);
        state.total.add_all(reached);
        let slot = &mut state.seconds[(second % WINDOW_S) as usize];
        if slot.0 != second {
            *slot = (second, StageCounts::default());
        }
        slot.1.add_all(reached);
        *reached
    }

    fn rate_at(&self, now: u64, stage: Stage) -> f64 {
        let state = self.state.lock();
        let recent = state
            .seconds
            .iter()
            .filter(|(second, _)| second + WINDOW_S > now);
        let count: u64 = recent.map(|(_, counts)| counts.get(stage)).sum();
        count as f64 / WINDOW_S as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_forget_after_the_window_and_totals_do_not() {
        let counted = |consumed| {
            let mut counted = StageCounts::default();
            counted.add(Stage::Consumed, consumed);
            counted
        };
        let totals = Totals::new(counted(50));
        assert_eq!(totals.rate_at(0, Stage::Consumed), 0.0);
        assert_eq!(totals.reach_at(3, &counted(100)), counted(50));
        totals.reach_at(12, &counted(150));
        // Of another replica, and late.
        assert_eq!(totals.reach_at(12, &counted(120)), counted(0));
        assert_eq!(totals.rate_at(12, Stage::Consumed), 10.0);
        assert_eq!(totals.rate_at(13, Stage::Consumed), 5.0);
        totals.reach_at(13, &counted(200));
        assert_eq!(totals.rate_at(13, Stage::Consumed), 10.0);
        assert_eq!(totals.rate_at(40, Stage::Consumed), 0.0);
        assert_eq!(totals.total(Stage::Consumed), 200);
        assert_eq!(totals.total(Stage::Indexed), 0);
    }
}
