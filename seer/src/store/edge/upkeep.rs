//! What keeps the files in order while nobody waits for it.

use std::{
    sync::{
        Weak,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use super::{Shared, collection::Collection};
use crate::{priority, store::StoreResult};

/// What a power cut may cost at most, about.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rewriting segments takes up to minutes, which a stop does not have. The engine is fine with being interrupted.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// A tenth of a core when the others have work, all of it when they have none.
const NICE: i32 = 10;

/// Threads that write out what came in and rewrite segments, each in its own time.
pub(super) struct Upkeep {
    /// Never written to: their end is the sign to stop.
    stops: Vec<mpsc::Sender<()>>,
    /// Never written to: its end says that the threads have ended.
    ended: mpsc::Receiver<()>,
}

impl Upkeep {
    pub(super) fn start(shared: &Weak<Shared>) -> std::io::Result<Self> {
        let (guard, ended) = mpsc::channel();
        let mut stops = Vec::new();
        let works: [(&str, Work); 2] = [
            ("store-flush", Collection::flush),
            ("store-tidy", Collection::tidy),
        ];
        for (name, work) in works {
            let (stop, stopped) = mpsc::channel();
            let (shared, guard) = (Weak::clone(shared), guard.clone());
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || {
                    priority::lower(NICE);
                    run(work, &shared, &stopped);
                    drop(guard);
                })?;
            stops.push(stop);
        }
        Ok(Self { stops, ended })
    }

    /// Waits for what the threads are at, within limits.
    pub(super) fn end(self) {
        drop(self.stops);
        // An error either way: ended, or too late.
        let _ = self.ended.recv_timeout(END_TIMEOUT);
    }
}

type Work = fn(&Collection) -> StoreResult<()>;

fn run(work: Work, shared: &Weak<Shared>, stop: &mpsc::Receiver<()>) {
    while stop.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        for collection in shared.opened() {
            if let Err(error) = work(&collection) {
                tracing::warn!(%error, "the vector store is not kept in order for now");
            }
        }
    }
}
