//! Messages column by column, as a statement takes many at once.

use std::borrow::Cow;

use contract::LifecycleEvent;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::merge::{self, Said};
use crate::observation::RecordSeen;

/// The columns of messages' own records, those of messages of which only an event was seen among them.
pub(super) struct Records<'a> {
    topics: Vec<Cow<'a, str>>,
    partitions: Vec<i32>,
    offsets: Vec<i64>,
    trace_ids: Vec<Option<Uuid>>,
    keys: Vec<Option<&'a [u8]>>,
    accepted_at: Vec<Option<i64>>,
    streamed_at: Vec<Option<i64>>,
    consumed_at: Vec<Option<i64>>,
}

pub(super) type Parameters<'p> = Vec<(&'p (dyn ToSql + Sync), Type)>;

impl<'a> Records<'a> {
    pub(super) fn new(said: &[&Said<'a>], seen_at: i64) -> Self {
        let streamed_at = |said: &&Said<'a>| {
            let seen = said.record?;
            Some(seen.streamed_at.map_or(seen_at, |at| at.as_micros()))
        };
        let places = || said.iter().map(|said| said.place());
        let records = || said.iter().map(|said| said.record);
        let trace_id = |said: &&Said<'a>| said.trace_id().map(Uuid::from_u128);
        let accepted_at = |seen: Option<&'a RecordSeen>| Some(seen?.accepted_at?.as_micros());
        Self {
            topics: places().map(|place| place.0).collect(),
            partitions: places().map(|place| place.1).collect(),
            offsets: places().map(|place| place.2).collect(),
            trace_ids: said.iter().map(trace_id).collect(),
            keys: records().map(|seen| seen?.key.as_deref()).collect(),
            accepted_at: records().map(accepted_at).collect(),
            streamed_at: said.iter().map(streamed_at).collect(),
            // Clocks of several machines may disagree; the ladder does not run backwards for it.
            consumed_at: said
                .iter()
                .map(|said| Some(streamed_at(said)?.max(seen_at)))
                .collect(),
        }
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        vec![
            (&self.topics, Type::TEXT_ARRAY),
            (&self.partitions, Type::INT4_ARRAY),
            (&self.offsets, Type::INT8_ARRAY),
            (&self.trace_ids, Type::UUID_ARRAY),
            (&self.keys, Type::BYTEA_ARRAY),
            (&self.accepted_at, Type::INT8_ARRAY),
            (&self.streamed_at, Type::INT8_ARRAY),
            (&self.consumed_at, Type::INT8_ARRAY),
        ]
    }
}

/// The columns of events of one stage.
pub(super) struct Events<'a> {
    at: Vec<Option<i64>>,
    by: Vec<Option<Cow<'a, str>>>,
    took_us: Vec<Option<i64>>,
    errors: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Events<'a> {
    pub(super) fn new(events: impl Iterator<Item = Option<&'a LifecycleEvent>> + Clone) -> Self {
        let took_us = |event: &LifecycleEvent| i64::try_from(event.took_us).unwrap_or(i64::MAX);
        let error = |event: Option<&'a LifecycleEvent>| event?.error.as_deref().map(merge::text);
        Self {
            at: events
                .clone()
                .map(|event| Some(event?.at.as_micros()))
                .collect(),
            by: events
                .clone()
                .map(|event| Some(merge::text(&event?.component)))
                .collect(),
            took_us: events.clone().map(|event| event.map(took_us)).collect(),
            errors: events.map(error).collect(),
        }
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        vec![
            (&self.at, Type::INT8_ARRAY),
            (&self.by, Type::TEXT_ARRAY),
            (&self.took_us, Type::INT8_ARRAY),
            (&self.errors, Type::TEXT_ARRAY),
        ]
    }
}
