use std::sync::Arc;

use contract::{LifecycleEvent, Stage};
use rusqlite::{CachedStatement, Connection, Transaction, params};

use super::row;
use crate::{
    observation::{Observation, RecordSeen},
    store::{FoldBatch, Folded, StageCounts},
};

/// A message whose record was seen before stays as it is; one of which only an event was seen gets the rest.
const RECORD: &str = "
INSERT INTO message (id, topic, partition, offset, key, trace_id, accepted_at, streamed_at, consumed_at, seen_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (id) DO UPDATE SET
    topic = excluded.topic, partition = excluded.partition, offset = excluded.offset, key = excluded.key,
    trace_id = excluded.trace_id, accepted_at = excluded.accepted_at, streamed_at = excluded.streamed_at,
    consumed_at = excluded.consumed_at
WHERE consumed_at IS NULL";

const INDEXED: &str = "
INSERT INTO message (id, topic, partition, offset, trace_id, indexed_at, indexed_by, indexed_took_us, seen_at, indexed_error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (id) DO UPDATE SET
    indexed_at = excluded.indexed_at, indexed_by = excluded.indexed_by, indexed_took_us = excluded.indexed_took_us,
    indexed_error = excluded.indexed_error
WHERE indexed_at IS NULL";

const DEAD: &str = "
INSERT INTO message (id, topic, partition, offset, trace_id, dead_at, dead_by, dead_took_us, seen_at, dead_error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (id) DO UPDATE SET
    dead_at = excluded.dead_at, dead_by = excluded.dead_by, dead_took_us = excluded.dead_took_us,
    dead_error = excluded.dead_error
WHERE dead_at IS NULL";

/// One batch and its positions, in one transaction.
pub(super) fn fold(connection: &mut Connection, batch: &FoldBatch) -> anyhow::Result<Folded> {
    let transaction = connection.transaction()?;
    let mut folded = Folded::default();
    let (sizes, reached) = fold_observations(&transaction, batch, &mut folded)?;
    add_totals(&transaction, &reached)?;
    folded.totals = row::totals(&transaction)?;
    add_sizes(&transaction, batch, &sizes)?;
    keep_positions(&transaction, batch)?;
    transaction.commit()?;
    Ok(folded)
}

/// Records and bytes of a topic.
struct TopicSize {
    topic: Arc<str>,
    records: i64,
    bytes: i64,
}

fn fold_observations(
    transaction: &Transaction<'_>,
    batch: &FoldBatch,
    folded: &mut Folded,
) -> rusqlite::Result<(Vec<TopicSize>, StageCounts)> {
    let mut record = transaction.prepare_cached(RECORD)?;
    let mut indexed = transaction.prepare_cached(INDEXED)?;
    let mut dead = transaction.prepare_cached(DEAD)?;
    let seen_at = batch.at.as_micros();
    let mut sizes = Vec::new();
    let mut reached = StageCounts::default();
    for observation in &batch.observations {
        match observation {
            Observation::Record(seen) => {
                if fold_record(&mut record, seen, seen_at)? {
                    folded.changed.push(seen.id);
                    add_size(&mut sizes, seen);
                    seen.count(&mut reached);
                }
            }
            Observation::Reached { event, .. } => {
                let statement = if event.stage == Stage::Dead {
                    &mut dead
                } else {
                    &mut indexed
                };
                if fold_event(statement, event, seen_at)? {
                    folded.changed.push(event.id);
                    reached.add(event.stage, 1);
                }
            }
        }
    }
    Ok((sizes, reached))
}

/// Records of a topic come one after another mostly, so that the entry is the last one.
fn add_size(sizes: &mut Vec<TopicSize>, seen: &RecordSeen) {
    let bytes = i64::try_from(seen.size_bytes).unwrap_or(i64::MAX);
    match sizes.last_mut() {
        Some(size) if size.topic == seen.topic => {
            size.records += 1;
            size.bytes += bytes;
        }
        _ => sizes.push(TopicSize {
            topic: Arc::clone(&seen.topic),
            records: 1,
            bytes,
        }),
    }
}

/// Returns whether the record is new.
fn fold_record(
    statement: &mut CachedStatement<'_>,
    seen: &RecordSeen,
    seen_at: i64,
) -> rusqlite::Result<bool> {
    let streamed_at = seen.streamed_at.map_or(seen_at, |at| at.as_micros());
    let changed = statement.execute(params![
        seen.id.0.as_bytes(),
        &*seen.topic,
        seen.partition,
        seen.offset,
        seen.key.as_deref(),
        seen.trace_id.map(u128::to_be_bytes),
        seen.accepted_at.map(|at| at.as_micros()),
        streamed_at,
        // Clocks of several machines may disagree; the ladder does not run backwards for it.
        seen_at.max(streamed_at),
        seen_at,
    ])?;
    Ok(changed == 1)
}

/// Returns whether the event is the first of its stage.
fn fold_event(
    statement: &mut CachedStatement<'_>,
    event: &LifecycleEvent,
    seen_at: i64,
) -> rusqlite::Result<bool> {
    let trace_id = event.trace_id.as_deref();
    let trace_id = trace_id.and_then(|text| u128::from_str_radix(text, 16).ok());
    let id = event.id.0.as_bytes();
    let trace_id = trace_id.map(u128::to_be_bytes);
    let at = event.at.as_micros();
    let took_us = i64::try_from(event.took_us).unwrap_or(i64::MAX);
    let changed = statement.execute(params![
        id,
        event.topic,
        event.partition,
        event.offset,
        trace_id,
        at,
        event.component,
        took_us,
        seen_at,
        event.error,
    ])?;
    Ok(changed == 1)
}

fn add_totals(transaction: &Transaction<'_>, reached: &StageCounts) -> rusqlite::Result<()> {
    let sql = "INSERT INTO stage_total (stage, total) VALUES (?1, ?2)
        ON CONFLICT (stage) DO UPDATE SET total = total + excluded.total";
    let mut statement = transaction.prepare_cached(sql)?;
    for stage in Stage::ALL {
        let count = i64::try_from(reached.get(stage)).unwrap_or(i64::MAX);
        if count > 0 {
            statement.execute(params![stage.name(), count])?;
        }
    }
    Ok(())
}

/// A topic that was made anew may hold something quite different: it is counted from its beginning.
fn add_sizes(
    transaction: &Transaction<'_>,
    batch: &FoldBatch,
    sizes: &[TopicSize],
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO topic_size (topic, topic_id, records, bytes) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (topic) DO UPDATE SET
            records = excluded.records + CASE WHEN topic_id IS excluded.topic_id THEN records ELSE 0 END,
            bytes = excluded.bytes + CASE WHEN topic_id IS excluded.topic_id THEN bytes ELSE 0 END,
            topic_id = excluded.topic_id";
    let mut statement = transaction.prepare_cached(sql)?;
    for size in sizes {
        let end = batch.ends.0.iter().find(|end| end.topic == size.topic);
        let topic_id = end.and_then(|end| end.topic_id);
        let topic_id = topic_id.map(uuid::Uuid::into_bytes);
        statement.execute(params![&*size.topic, topic_id, size.records, size.bytes])?;
    }
    Ok(())
}

/// A position may go back: the log of a topic that was made anew begins at 0 again.
fn keep_positions(transaction: &Transaction<'_>, batch: &FoldBatch) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO position (topic, partition, next_offset, topic_id)
        VALUES (?1, ?2, ?3, ?4)";
    let mut statement = transaction.prepare_cached(sql)?;
    for end in &batch.ends.0 {
        let topic_id = end.topic_id.map(uuid::Uuid::into_bytes);
        let next_offset = end.last_offset + 1;
        statement.execute(params![&*end.topic, end.partition, next_offset, topic_id])?;
    }
    Ok(())
}
