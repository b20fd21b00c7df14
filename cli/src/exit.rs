//! How a command ends.

use std::{fmt, io, process::ExitCode};

/// What the exit code says. The same for every command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Unavailable = 3,
    NotYet = 4,
}

/// Shown at the end of every command's `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed: some messages were not acknowledged, or a check did not hold
  2    the command line is not right
  3    a service cannot be reached or is not available
  4    not there (yet): unknown message, topic or group, nothing found, no answer
       known, or not done in time
  130  ended by a second Ctrl-C";

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}

/// Why a command did not do what it was asked. The text says what to do about it.
#[derive(Debug)]
pub struct Failure {
    pub outcome: Outcome,
    pub cause: anyhow::Error,
}

impl Failure {
    pub fn new(outcome: Outcome, message: impl fmt::Display) -> Self {
        Self {
            outcome,
            cause: anyhow::anyhow!("{message}"),
        }
    }

    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Outcome::Usage, message)
    }

    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self::new(Outcome::Unavailable, message)
    }

    /// Says it on standard error: a sentence for people, one line of JSON for programs.
    pub(crate) fn report(&self, json: bool) {
        use io::Write;
        // `kafkloud tail | head` is not an error: the reader has had enough.
        if self.is_broken_pipe() {
            return;
        }
        let message = format!("{:#}", self.cause);
        let mut stderr = io::stderr().lock();
        // With standard error gone there is nobody left to tell.
        let _ = if json {
            let line = serde_json::json!({"error": message, "exit_code": self.outcome as u8});
            writeln!(stderr, "{line}")
        } else {
            writeln!(stderr, "error: {message}")
        };
    }

    fn is_broken_pipe(&self) -> bool {
        self.cause
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(cause: anyhow::Error) -> Self {
        let mut failure = Self {
            outcome: Outcome::Failed,
            cause,
        };
        if failure.is_broken_pipe() {
            failure.outcome = Outcome::Done;
        }
        failure
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}
