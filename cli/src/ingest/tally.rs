use std::time::Duration;

use contract::{LineOutcome, Problem, Receipt};
use serde::Serialize;

/// What became of the lines of an upload.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) acked: u64,
    pub(crate) failed: u64,
    /// The first lines that failed, with their numbers.
    pub(crate) first_failures: Vec<(u64, Problem)>,
    /// Sent, but never answered: they may be in the log or not.
    pub(crate) unknown: Vec<u64>,
    /// Where to go on when the upload ended early: all lines before it have an answer that is final.
    pub(crate) next_line: u64,
    /// Of acknowledged messages, in the order of the lines; kept on request, for an upload may be long.
    pub(crate) receipts: Option<Vec<Receipt>>,
}

const FAILURES_SHOWN: usize = 5;

/// The account of an upload for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) acked: u64,
    pub(crate) failed: u64,
    /// Lines that may be in the log or not.
    pub(crate) unknown: Vec<u64>,
    /// Where to go on when the upload ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) consumed: Option<u64>,
    pub(crate) seconds: f64,
    pub(crate) acked_per_second: f64,
}

impl Tally {
    pub(crate) fn keeping_receipts(mut self) -> Self {
        self.receipts = Some(Vec::new());
        self
    }

    pub(crate) fn count(&mut self, outcome: LineOutcome) {
        match outcome {
            LineOutcome::Acked { receipt, .. } => {
                self.acked += 1;
                if let Some(receipts) = &mut self.receipts {
                    receipts.push(receipt);
                }
            }
            LineOutcome::Failed { line, error } => {
                self.failed += 1;
                if self.first_failures.len() < FAILURES_SHOWN {
                    self.first_failures.push((line, error));
                }
            }
        }
    }

    pub(crate) fn all_acked(&self) -> bool {
        self.failed == 0 && self.unknown.is_empty()
    }

    pub(crate) fn summary(&self, elapsed: Duration, ended_early: bool) -> Summary {
        let seconds = elapsed.as_secs_f64();
        Summary {
            acked: self.acked,
            failed: self.failed,
            unknown: self.unknown.clone(),
            next_line: ended_early.then_some(self.next_line),
            consumed: None,
            seconds,
            acked_per_second: self.acked as f64 / seconds.max(1e-6),
        }
    }
}
