//! The live records in a tab: what came, what of it is shown, and what was left out.
//!
//! Records are taken in as they come and shown once a frame, so that a thousand a second cost no more than sixty. Pausing lets go of
//! the stream; going on begins after the last event that was seen, so that nothing in between is lost. Nor is what came between the
//! page and the stream: a stream of what comes from now on begins with what lies there at that moment.

use std::{sync::Arc, time::Duration};

use contract::{
    Problem,
    record::{ConsumeProgress, RecordView},
};
use leptos::prelude::*;

use super::{Begun, StreamData, StreamForm, ring::Ring};
use crate::browser::{
    Kept, keep, kept,
    sse::Stream,
    tail::{self, News},
};

/// How long it is shown how fast the stream was.
const PACE_SHOWN: Duration = Duration::from_millis(2500);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum State {
    /// Not yet asked for.
    #[default]
    Still,
    /// Asked for, and not there yet.
    Waiting,
    Live,
    /// Somebody stopped it, or looks at another tab.
    Paused,
    /// The connection broke, and the browser tries again.
    Broken,
    /// It cannot go on.
    Ended,
}

impl State {
    /// Whether somebody wants it to be live.
    pub(crate) fn is_on(self) -> bool {
        matches!(self, Self::Waiting | Self::Live | Self::Broken)
    }
}

/// What was left out so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pace {
    /// Of the last second or so; absent while nothing comes, or nothing is left out on purpose.
    pub(crate) last: Option<ConsumeProgress>,
    /// By the speed limit.
    pub(crate) left_out: u64,
    /// Because this browser was too slow.
    pub(crate) missed: u64,
    /// Because the expression could not be evaluated on them.
    pub(crate) failed: u64,
    /// Why, for one of them.
    pub(crate) error: Option<String>,
    /// How often it was told.
    told: u64,
}

#[derive(Clone, Copy)]
pub(crate) struct Tail {
    ring: StoredValue<Ring>,
    /// Came since the last frame.
    fresh: StoredValue<Vec<Arc<RecordView>>>,
    /// Whether what was there before goes when the first record comes.
    anew: StoredValue<bool>,
    /// With what a live stream has begun. A record that came at that moment may come once more.
    opening: StoredValue<Vec<Arc<RecordView>>>,
    last_id: StoredValue<Option<String>>,
    stream: Kept<Stream>,
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
            opening: StoredValue::new(Vec::new()),
            last_id: StoredValue::new(None),
            stream: kept(),
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
        self.anew.set_value(false);
        self.opening.update_value(Vec::clear);
        self.replace(data.records.iter().cloned().map(Arc::new).collect());
    }

    /// Opens the stream where it was, or where the form says.
    pub(crate) fn go_on(self, form: &StreamForm) {
        let after = self.last_id.get_value();
        let hear = move |news, id| self.hear(news, id);
        self.state.set(State::Waiting);
        let opened = tail::open(form, after.as_deref(), hear);
        keep(self.stream, opened);
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
        keep(self.stream, None);
        // It is gone when the page is.
        self.state.try_set(state);
    }

    fn hear(self, news: News, id: Option<String>) {
        if id.is_some() {
            self.last_id.set_value(id);
        }
        match news {
            News::Begun(begun) => {
                self.problem.set(None);
                self.state.set(State::Live);
                match begun {
                    Begun::Newest(records) => self.open_with(records),
                    Begun::Past => self.anew.set_value(true),
                    Begun::Further => {}
                }
            }
            News::Record(record) => self.take(record),
            News::Progress(progress) => self.learn_pace(progress),
            News::Missed(count) => self.pace.update(|pace| pace.missed += count),
            News::Problem(problem) if problem.status >= 500 => {
                self.problem.set(Some(problem));
                self.state.set(State::Broken);
            }
            News::Problem(problem) | News::Lost(problem) => {
                self.problem.set(Some(problem));
                // Not at once: the stream is the one that calls.
                request_animation_frame(move || self.close(State::Ended));
            }
            News::Broken => self.state.set(State::Broken),
        }
    }

    fn open_with(self, records: Vec<RecordView>) {
        let records: Vec<_> = records.into_iter().map(Arc::new).collect();
        self.opening.set_value(records.clone());
        let is_news = self.ring.with_value(|ring| {
            let held = ring.window(0, records.len() + 1);
            let mut pairs = held.iter().zip(&records);
            held.len() != records.len() || !pairs.all(|((_, held), new)| is_same(held, new))
        });
        if is_news {
            self.replace(records);
        }
    }

    /// Shows these, the last one first, and nothing else.
    fn replace(self, records: Vec<Arc<RecordView>>) {
        self.ring.update_value(|ring| {
            ring.clear();
            records
                .into_iter()
                .rev()
                .for_each(|record| ring.push(record));
        });
        self.shown.set(self.ring.with_value(Ring::pushed));
    }

    fn take(self, record: RecordView) {
        let is_known =
            |opening: &Vec<Arc<RecordView>>| opening.iter().any(|known| is_same(known, &record));
        if self.opening.with_value(is_known) {
            return;
        }
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

    fn learn_pace(self, progress: ConsumeProgress) {
        let told = self.pace.try_update(|pace| {
            pace.left_out += progress.left_out;
            pace.failed += progress.failed;
            pace.error = progress.error.clone().or(pace.error.take());
            pace.last = Some(progress);
            pace.told += 1;
            pace.told
        });
        let Some(told) = told else { return };
        let forget = move || {
            let is_last = |pace: &Pace| pace.told == told;
            if self.pace.try_with_untracked(is_last) == Some(true) {
                self.pace.update(|pace| pace.last = None);
            }
        };
        set_timeout(forget, PACE_SHOWN);
    }
}

/// Whether they are one record of the log.
pub(crate) fn is_same(a: &RecordView, b: &RecordView) -> bool {
    a.offset == b.offset && a.partition == b.partition && a.topic == b.topic && a.id == b.id
}
