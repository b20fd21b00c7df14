//! The whole stream in numbers, and how fast it went in the last while.

use std::{collections::VecDeque, time::Instant};

use contract::{Stage, seer::IndexState, status::StatusSummary};

use super::freshness::Freshness;

#[derive(Default)]
pub(super) struct Flow {
    pub(super) summary: StatusSummary,
    pub(super) freshness: Freshness,
    /// What the seer tells of its index; absent when it does not.
    pub(super) index: Option<IndexState>,
    /// Rates of each stage, in the order of [`Stage::ALL`], the last ones last.
    history: VecDeque<[f64; Stage::ALL.len()]>,
}

/// More than any screen has columns for.
const HISTORY_MAX: usize = 300;

impl Flow {
    pub(super) fn hear(&mut self, at: Instant, summary: Result<StatusSummary, String>) {
        match summary {
            Ok(summary) => {
                if self.history.len() == HISTORY_MAX {
                    self.history.pop_front();
                }
                let rate = |stage| summary.rates.get(&stage).copied().unwrap_or(0.0);
                self.history.push_back(Stage::ALL.map(rate));
                self.summary = summary;
                self.freshness.heard(at);
            }
            Err(reason) => self.freshness.failed(reason),
        }
    }

    pub(super) fn total(&self, stage: Stage) -> Option<u64> {
        let total = self.summary.stages.get(&stage).copied();
        self.freshness.is_known().then(|| total.unwrap_or(0))
    }

    /// Per second; unknown while the consumer says nothing.
    pub(super) fn rate(&self, stage: Stage) -> Option<f64> {
        let rate = self.summary.rates.get(&stage).copied();
        self.freshness.is_current().then(|| rate.unwrap_or(0.0))
    }

    /// The last rates of a stage as a row of bars, the tallest as high as the fastest of them.
    pub(super) fn bars(&self, stage: Stage, width: usize) -> String {
        const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let place = Stage::ALL.iter().position(|&other| other == stage);
        let skipped = self.history.len().saturating_sub(width);
        let rates = self.history.iter().skip(skipped);
        let rates: Vec<f64> = rates.map(|all| all[place.unwrap_or(0)]).collect();
        let fastest = rates.iter().copied().fold(0.0, f64::max);
        let level = |rate: f64| {
            let level = rate / fastest * 8.0;
            // Whatever moved is seen.
            if rate > 0.0 { level.ceil() as usize } else { 0 }
        };
        rates
            .into_iter()
            .map(|rate| LEVELS[level(rate).min(8)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_the_last_rates() {
        let mut flow = Flow::default();
        let now = Instant::now();
        assert_eq!(flow.total(Stage::Consumed), None);
        for rate in [5.0, 0.0, 1.0, 80.0, 40.0] {
            let summary = StatusSummary {
                rates: [(Stage::Consumed, rate)].into(),
                ..StatusSummary::default()
            };
            flow.hear(now, Ok(summary));
        }
        assert_eq!(flow.bars(Stage::Consumed, 4), " ▁█▄");
        assert_eq!(flow.bars(Stage::Dead, 4), "    ");
        assert_eq!(flow.bars(Stage::Consumed, 9).chars().count(), 5);
        assert_eq!(flow.rate(Stage::Consumed), Some(40.0));
        flow.hear(now, Err("away".to_owned()));
        assert_eq!(flow.rate(Stage::Consumed), None);
        assert_eq!(flow.total(Stage::Consumed), Some(0));
    }
}
