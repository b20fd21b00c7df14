//! Records as they arrive. What is not shown is counted and said: what came too fast, what the consumer left out for the
//! filters, what there was no room for while the tail was paused.

use std::{collections::HashSet, sync::Arc};

use contract::record::{ConsumeProgress, RecordView};

use super::{
    cursor::Cursor,
    ring::{GapReason, Ring, TailRow},
};
use crate::selection::Selection;

pub(super) struct Tail {
    wanted: Wanted,
    /// Of the stream in work: what others still say is not heard.
    generation: u64,
    connection: Connection,
    ring: Ring,
    /// What came since the tail was paused.
    paused: Option<Paused>,
    /// Records that came, the newest ones from before included.
    seen: u64,
    missed: u64,
    /// What the consumer has looked at for the filters, in all.
    progress: ConsumeProgress,
    pub(super) cursor: Cursor,
}

/// What the tail is to show.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Wanted {
    /// All topics of users when there is none.
    pub(super) topic: Option<String>,
    pub(super) selection: Selection,
}

#[derive(Debug)]
struct Paused {
    waiting: Ring,
    /// Records that went because too many waited.
    gone: u64,
    /// Records that the service says it left out.
    too_fast: u64,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Connection {
    /// Nobody has looked at the tail yet.
    None,
    Opening,
    Live,
    /// It is tried again.
    Lost(String),
    /// It would be refused again: something else must be wanted.
    Refused(String),
}

/// What is heard of the stream.
#[derive(Debug)]
pub(super) enum Heard {
    Connected,
    /// The newest records there were, the oldest of them first. Those that came since may be among them.
    Before(Vec<RecordView>),
    Record(Box<RecordView>),
    Missed(u64),
    Progress(ConsumeProgress),
    Lost(String),
    Refused(String),
}

impl Tail {
    pub(super) fn new() -> Self {
        Self {
            wanted: Wanted::default(),
            generation: 0,
            connection: Connection::None,
            ring: Ring::new(),
            paused: None,
            seen: 0,
            missed: 0,
            progress: ConsumeProgress::default(),
            cursor: Cursor::default(),
        }
    }

    /// Begins anew; returns the number of the stream that is to be opened for it.
    pub(super) fn open(&mut self, wanted: Wanted) -> u64 {
        *self = Self {
            wanted,
            generation: self.generation + 1,
            connection: Connection::Opening,
            ..Self::new()
        };
        self.generation
    }

    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn missed(&self) -> u64 {
        self.missed
    }

    pub(super) fn progress(&self) -> &ConsumeProgress {
        &self.progress
    }

    /// Records that wait while the tail is paused; absent while it is not.
    pub(super) fn waiting(&self) -> Option<u64> {
        let paused = self.paused.as_ref()?;
        Some(paused.waiting.len() as u64)
    }

    pub(super) fn hear(&mut self, generation: u64, heard: Heard) {
        if generation != self.generation {
            return;
        }
        match heard {
            Heard::Connected => self.connection = Connection::Live,
            Heard::Lost(reason) => self.connection = Connection::Lost(reason),
            Heard::Refused(reason) => self.connection = Connection::Refused(reason),
            Heard::Before(records) => self.add_before(records),
            Heard::Missed(count) => {
                self.missed += count;
                match &mut self.paused {
                    Some(paused) => paused.too_fast += count,
                    None => self.add_gap(count, GapReason::TooFast),
                }
            }
            Heard::Progress(progress) => {
                self.progress.seen += progress.seen;
                self.progress.failed += progress.failed;
                self.progress.error = progress.error.or(self.progress.error.take());
            }
            Heard::Record(record) => {
                self.seen += 1;
                self.add(Arc::from(record));
            }
        }
    }

    fn add(&mut self, record: Arc<RecordView>) {
        let row = TailRow::Record(record);
        match &mut self.paused {
            Some(paused) => {
                let gone = paused.waiting.push(row);
                paused.gone += gone;
                self.missed += gone;
            }
            None => _ = self.ring.push(row),
        }
    }

    fn add_before(&mut self, records: Vec<RecordView>) {
        let waiting = self.paused.as_ref().map(|paused| &paused.waiting);
        let rows = self
            .ring
            .rows()
            .chain(waiting.into_iter().flat_map(Ring::rows));
        let came_since: HashSet<_> = rows
            .filter_map(TailRow::record)
            .map(|record| place(record))
            .collect();
        let mut added = 0;
        for record in records.into_iter().rev() {
            let is_new = !came_since.contains(&place(&record));
            if is_new && self.ring.push_before(TailRow::Record(Arc::new(record))) {
                added += 1;
            }
        }
        self.seen += added as u64;
        self.cursor.go_to(self.cursor.index() + added);
    }

    fn add_gap(&mut self, count: u64, reason: GapReason) {
        if count > 0 {
            self.ring.push(TailRow::Gap { count, reason });
        }
    }

    pub(super) fn pause(&mut self) {
        if self.paused.is_none() {
            self.paused = Some(Paused {
                waiting: Ring::half(),
                gone: 0,
                too_fast: 0,
            });
        }
    }

    /// Shows what has come meanwhile, and goes on with what comes.
    pub(super) fn resume(&mut self) {
        let Some(paused) = self.paused.take() else {
            return;
        };
        self.add_gap(paused.too_fast, GapReason::TooFast);
        self.add_gap(paused.gone, GapReason::Paused);
        for row in paused.waiting.into_rows() {
            self.ring.push(row);
        }
    }

    pub(super) fn pause_or_resume(&mut self) {
        if self.paused.is_some() {
            self.resume();
        } else {
            self.pause();
        }
    }

    /// Moves among the rows. Whoever does that reads, so nothing comes in between.
    pub(super) fn walk(&mut self, step: impl FnOnce(&mut Cursor, usize)) {
        self.stay_at_the_end();
        step(&mut self.cursor, self.ring.len());
        self.pause();
    }

    /// The rows that fit on a screen, and which of them is the chosen one.
    pub(super) fn window(&mut self, height: usize) -> (Option<usize>, Vec<&TailRow>) {
        self.stay_at_the_end();
        let window = self.cursor.window(self.ring.len(), height);
        let chosen = self.cursor.index().checked_sub(window.start);
        let rows = self.ring.rows().skip(window.start);
        (chosen, rows.take(window.len()).collect())
    }

    /// The record to look at closely; what comes meanwhile waits.
    pub(super) fn take_chosen(&mut self) -> Option<Arc<RecordView>> {
        self.stay_at_the_end();
        let chosen = self.ring.get(self.cursor.index());
        let record = chosen?.record().cloned()?;
        self.pause();
        Some(record)
    }

    /// While it is not paused, the last row is the chosen one.
    fn stay_at_the_end(&mut self) {
        if self.paused.is_none() {
            self.cursor.last(self.ring.len());
        }
    }
}

fn place(record: &RecordView) -> (String, i32, i64) {
    (record.topic.clone(), record.partition, record.offset)
}

#[cfg(test)]
mod tests;
