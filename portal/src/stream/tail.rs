//! The live records in a tab: what came, what of it is shown, and what was left out.
//!
//! Records are taken in as they come and shown once a frame, so that a thousand a second cost no more than sixty. Pausing lets go of
//! the stream; going on begins after the last event that was seen, so that nothing in between is lost.

use std::sync::Arc;

use contract::{
    Problem,
    record::{ConsumeProgress, RecordView},
};
use leptos::prelude::*;

use super::{StreamData, StreamForm, ring::Ring};
use crate::browser::{
    sse::Stream,
    tail::{self, News},
};

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum State {
    /// Not yet asked for.
    #[default]
    Still,
    Live,
    /// Somebody stopped it, or looks at another tab.
    Paused,
    /// The connection broke, and the browser tries again.
    Broken,
    /// It cannot go on.
    Ended,
}

/// What was left out so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pace {
    /// Of the last second or so; absent while nothing is left out on purpose.
    pub(crate) last: Option<ConsumeProgress>,
    /// By the speed limit.
    pub(crate) left_out: u64,
    /// Because this browser was too slow.
    pub(crate) missed: u64,
    /// Because the expression could not be evaluated on them.
    pub(crate) failed: u64,
}

#[derive(Clone, Copy)]
pub(crate) struct Tail {
    ring: StoredValue<Ring>,
    /// Came since the last frame.
    fresh: StoredValue<Vec<Arc<RecordView>>>,
    /// Whether what was there before goes when the first record comes.
    anew: StoredValue<bool>,
    last_id: StoredValue<Option<String>>,
    stream: StoredValue<Option<Stream>, LocalStorage>,
    /// Records shown so far, those that have left the ring among them.
    pub(crate) shown: RwSignal<u64>,
    pub(crate) state: RwSignal<State>,
    pub(crate) pace: RwSignal<Pace>,
    pub(crate) problem: RwSignal<Option<Problem>>,
}

impl Tail {
    pub(crate) fn new() -> Self {
        Self {
            ring: StoredValue::new(Ring::default()),
            fresh: StoredValue::new(Vec::new()),
            anew: StoredValue::new(false),
            last_id: StoredValue::new(None),
            stream: StoredValue::new_local(None),
            shown: RwSignal::new(0),
            state: RwSignal::new(State::Still),
            pace: RwSignal::new(Pace::default()),
            problem: RwSignal::new(None),
        }
    }

    /// Shows what lies there already, instead of all before.
    pub(crate) fn begin(self, data: &StreamData) {
        self.close(State::Still);
        self.fresh.update_value(Vec::clear);
        self.last_id.set_value(None);
        self.pace.set(Pace::default());
        self.problem.set(data.problem.clone());
        self.ring.update_value(|ring| {
            ring.clear();
            data.records
                .iter()
                .rev()
                .for_each(|record| ring.push(Arc::new(record.clone())));
        });
        // A stream that does not begin with what comes from now on brings these records once more.
        self.anew.set_value(!data.form.is_latest());
        self.shown.set(self.ring.with_value(Ring::pushed));
    }

    /// Opens the stream where it was, or where the form says.
    pub(crate) fn go_on(self, form: &StreamForm) {
        let after = self.last_id.get_value();
        let hear = move |news, id| self.hear(news, id);
        self.problem.set(None);
        self.stream
            .set_value(tail::open(form, after.as_deref(), hear));
        self.state.set(State::Live);
    }

    pub(crate) fn pause(self) {
        self.close(State::Paused);
    }

    /// `count` records, the last one first, after the last `skipped`; each with its number, by which it is told from others.
    pub(crate) fn window(self, skipped: usize, count: usize) -> Vec<(u64, Arc<RecordView>)> {
        self.ring.with_value(|ring| ring.window(skipped, count))
    }

    pub(crate) fn len(self) -> usize {
        self.ring.with_value(Ring::len)
    }

    pub(crate) fn forgotten(self) -> u64 {
        self.ring.with_value(Ring::left)
    }

    /// All records as lines of JSON, in the order in which they came.
    pub(crate) fn lines(self) -> String {
        self.ring.with_value(|ring| {
            let mut lines = String::new();
            for line in ring
                .iter()
                .filter_map(|record| serde_json::to_string(record).ok())
            {
                lines.push_str(&line);
                lines.push('\n');
            }
            lines
        })
    }

    fn close(self, state: State) {
        // The signals are gone when the page is.
        self.stream.try_set_value(None);
        self.state.try_set(state);
    }

    fn hear(self, news: News, id: Option<String>) {
        if id.is_some() {
            self.last_id.set_value(id);
        }
        if self.state.get_untracked() == State::Broken && !matches!(news, News::Broken) {
            self.state.set(State::Live);
        }
        match news {
            News::Record(record) => self.take(record),
            News::Progress(progress) => self.pace.update(|pace| {
                pace.left_out += progress.left_out;
                pace.failed += progress.failed;
                pace.last = Some(progress);
            }),
            News::Missed(count) => self.pace.update(|pace| pace.missed += count),
            News::Problem(problem) => {
                self.problem.set(Some(problem));
                // Not at once: the stream is the one that calls.
                request_animation_frame(move || self.close(State::Ended));
            }
            News::Broken => self.state.set(State::Broken),
        }
    }

    fn take(self, record: RecordView) {
        let is_first = self.fresh.with_value(Vec::is_empty);
        self.fresh
            .update_value(|fresh| fresh.push(Arc::new(record)));
        if is_first {
            request_animation_frame(move || self.show());
        }
    }

    fn show(self) {
        let Some(fresh) = self.fresh.try_update_value(std::mem::take) else {
            return;
        };
        let anew = self
            .anew
            .try_update_value(std::mem::take)
            .unwrap_or_default();
        self.ring.update_value(|ring| {
            if anew {
                ring.clear();
            }
            fresh.into_iter().for_each(|record| ring.push(record));
        });
        self.shown.set(self.ring.with_value(Ring::pushed));
    }
}
