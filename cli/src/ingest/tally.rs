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
    /// The first line whose answer is not final.
    first_open: Option<u64>,
    last_line: u64,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) indexed: Option<u64>,
    pub(crate) seconds: f64,
    pub(crate) acked_per_second: f64,
}

impl Tally {
    pub(crate) fn keeping_receipts(mut self) -> Self {
        self.receipts = Some(Vec::new());
        self
    }

    /// `is_final`: the line need not be sent again.
    pub(crate) fn count(&mut self, number: u64, outcome: LineOutcome, is_final: bool) {
        self.see(number, is_final);
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

    /// `in_doubt`: it was sent, and may be in the log.
    pub(crate) fn count_unanswered(&mut self, number: u64, in_doubt: bool) {
        self.see(number, false);
        if in_doubt {
            self.unknown.push(number);
        }
    }

    fn see(&mut self, number: u64, is_final: bool) {
        self.last_line = number;
        if !is_final {
            self.first_open.get_or_insert(number);
        }
    }

    /// Where to go on when the upload ended early: all lines before it have an answer that is final.
    fn next_line(&self) -> u64 {
        self.first_open.unwrap_or(self.last_line + 1)
    }

    /// No line has had an answer, and none is in doubt.
    pub(crate) fn is_empty(&self) -> bool {
        self.acked == 0 && self.failed == 0 && self.unknown.is_empty()
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
            next_line: ended_early.then(|| self.next_line()),
            consumed: None,
            indexed: None,
            seconds,
            acked_per_second: self.acked as f64 / seconds.max(1e-6),
        }
    }
}
