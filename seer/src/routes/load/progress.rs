use std::time::{Duration, Instant};

use axum::body::Bytes;
use contract::{MessageId, seer::LoadedFile};
use tokio::sync::mpsc;

use super::Over;

/// How often progress is told at most.
pub(super) const INTERVAL: Duration = Duration::from_millis(250);
/// Messages after which it is told earlier.
const STEP_MESSAGES: u64 = 500;
/// How long nothing is told when there is nothing new: a sign of life for whoever waits.
const QUIET_MAX: Duration = Duration::from_secs(5);

/// Why a file, or the rest of it, was not loaded: in words for the caller.
pub(super) struct Unread(String);

/// How far a file is, told to the caller.
pub(super) struct Progress<'a> {
    file: LoadedFile,
    lines: &'a mpsc::Sender<Bytes>,
    told_at: Instant,
    told: (u64, u64),
}

impl<'a> Progress<'a> {
    pub(super) fn new(name: String, lines: &'a mpsc::Sender<Bytes>) -> Self {
        Self {
            file: LoadedFile {
                name,
                messages: 0,
                bytes: 0,
                finished: false,
                first: None,
                last: None,
                error: None,
            },
            lines,
            told_at: Instant::now(),
            told: (0, 0),
        }
    }

    pub(super) fn bytes(&mut self, bytes: u64) {
        self.file.bytes = bytes;
    }

    pub(super) fn acked(&mut self, id: MessageId) {
        self.file.messages += 1;
        self.file.first.get_or_insert(id);
        self.file.last = Some(id);
    }

    /// Tells it when it is time. A caller who does not read misses it, and holds up nothing.
    pub(super) fn tell(&mut self) {
        let now = (self.file.messages, self.file.bytes);
        let quiet = self.told_at.elapsed();
        let due = quiet >= INTERVAL || now.0 >= self.told.0 + STEP_MESSAGES;
        if (due && now != self.told) || quiet >= QUIET_MAX {
            self.told_at = Instant::now();
            self.told = now;
            let _ = self.lines.try_send(self.line());
        }
    }

    /// `result` is what was left out, or why there is no more.
    pub(super) async fn finish(
        &mut self,
        result: Result<Option<String>, Unread>,
    ) -> Result<(), Over> {
        self.file.error = result.unwrap_or_else(|Unread(reason)| Some(reason));
        self.file.finished = true;
        self.lines.send(self.line()).await.map_err(|_| Over)
    }

    fn line(&self) -> Bytes {
        // Our own types always serialise.
        let mut line = serde_json::to_vec(&self.file).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}

impl From<&str> for Unread {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}
