//! What a batch says of each message, and what of it is new.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use contract::{LifecycleEvent, MessageId, Stage};

use crate::{
    observation::{Observation, RecordSeen},
    store::StageCounts,
};

/// What a batch says of one message: of each kind the first that it says.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) id: MessageId,
    pub(super) record: Option<&'a RecordSeen>,
    pub(super) indexed: Option<&'a LifecycleEvent>,
    pub(super) dead: Option<&'a LifecycleEvent>,
}

/// What is known of a message already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub(super) row: bool,
    pub(super) record: bool,
    pub(super) indexed: bool,
    pub(super) dead: bool,
}

/// Records and bytes of a topic.
pub(super) struct TopicSize<'a> {
    pub(super) topic: &'a Arc<str>,
    pub(super) records: i64,
    pub(super) bytes: i64,
}

/// By message, in the order of the batch.
pub(super) fn merge<'a>(observations: impl Iterator<Item = &'a Observation>) -> Vec<Said<'a>> {
    let mut said: Vec<Said<'a>> = Vec::new();
    let mut places = HashMap::new();
    for observation in observations {
        let id = match observation {
            Observation::Record(seen) => seen.id,
            Observation::Reached { event, .. } => event.id,
        };
        let place = match places.entry(id) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(place) => {
                said.push(Said::nothing_of(id));
                *place.insert(said.len() - 1)
            }
        };
        said[place].add(observation);
    }
    said
}

impl<'a> Said<'a> {
    fn nothing_of(id: MessageId) -> Self {
        Self {
            id,
            record: None,
            indexed: None,
            dead: None,
        }
    }

    fn add(&mut self, observation: &'a Observation) {
        match observation {
            Observation::Record(seen) => {
                self.record.get_or_insert(seen);
            }
            Observation::Reached { event, .. } if event.stage == Stage::Dead => {
                self.dead.get_or_insert(event);
            }
            Observation::Reached { event, .. } => {
                self.indexed.get_or_insert(event);
            }
        }
    }

    /// Without what is known already; `None` when nothing is left.
    pub(super) fn news(mut self, known: Known) -> Option<Self> {
        self.record = self.record.filter(|_| !known.record);
        self.indexed = self.indexed.filter(|_| !known.indexed);
        self.dead = self.dead.filter(|_| !known.dead);
        let is_news = self.record.is_some() || self.indexed.is_some() || self.dead.is_some();
        is_news.then_some(self)
    }

    pub(super) fn count(&self, reached: &mut StageCounts) {
        if let Some(seen) = self.record {
            seen.count(reached);
        }
        for event in [self.indexed, self.dead].into_iter().flatten() {
            reached.add(event.stage, 1);
        }
    }

    /// Where the message lies, by its own record if that was seen.
    pub(super) fn place(&self) -> (Cow<'a, str>, i32, i64) {
        if let Some(seen) = self.record {
            return (Cow::Borrowed(&*seen.topic), seen.partition, seen.offset);
        }
        match self.indexed.or(self.dead) {
            Some(event) => (text(&event.topic), event.partition, event.offset),
            None => (Cow::Borrowed(""), 0, 0),
        }
    }

    pub(super) fn trace_id(&self) -> Option<u128> {
        if let Some(seen) = self.record {
            return seen.trace_id;
        }
        let event = self.indexed.or(self.dead)?;
        u128::from_str_radix(event.trace_id.as_deref()?, 16).ok()
    }
}

/// A text as PostgreSQL can keep it, which is without NUL. Whoever may write to Kafka chooses these texts.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Of the records among `news`.
pub(super) fn sizes<'a>(news: &[Said<'a>]) -> Vec<TopicSize<'a>> {
    let mut sizes: Vec<TopicSize<'a>> = Vec::new();
    for seen in news.iter().filter_map(|said| said.record) {
        let bytes = i64::try_from(seen.size_bytes).unwrap_or(i64::MAX);
        match sizes.iter_mut().find(|size| *size.topic == seen.topic) {
            Some(size) => {
                size.records += 1;
                size.bytes += bytes;
            }
            None => sizes.push(TopicSize {
                topic: &seen.topic,
                records: 1,
                bytes,
            }),
        }
    }
    sizes
}
