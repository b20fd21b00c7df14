use contract::{LifecycleEvent, Stage};
use rusqlite::{CachedStatement, Connection, Transaction, params};

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
    fold_observations(&transaction, batch, &mut folded)?;
    add_totals(&transaction, &folded.reached)?;
    keep_positions(&transaction, batch)?;
    transaction.commit()?;
    Ok(folded)
}

fn fold_observations(
    transaction: &Transaction<'_>,
    batch: &FoldBatch,
    folded: &mut Folded,
) -> rusqlite::Result<()> {
    let mut record = transaction.prepare_cached(RECORD)?;
    let mut indexed = transaction.prepare_cached(INDEXED)?;
    let mut dead = transaction.prepare_cached(DEAD)?;
    let seen_at = batch.at.as_micros();
    for observation in &batch.observations {
        match observation {
            Observation::Record(seen) => fold_record(&mut record, seen, seen_at, folded)?,
            Observation::Reached(event) => {
                let statement = if event.stage == Stage::Dead {
                    &mut dead
                } else {
                    &mut indexed
                };
                fold_event(statement, event, seen_at, folded)?;
            }
        }
    }
    Ok(())
}

fn fold_record(
    statement: &mut CachedStatement<'_>,
    seen: &RecordSeen,
    seen_at: i64,
    folded: &mut Folded,
) -> rusqlite::Result<()> {
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
    if changed == 1 {
        folded.changed.push(seen.id);
        if seen.accepted_at.is_some() {
            folded.reached.add(Stage::Accepted, 1);
        }
        folded.reached.add(Stage::Streamed, 1);
        folded.reached.add(Stage::Consumed, 1);
    }
    Ok(())
}

fn fold_event(
    statement: &mut CachedStatement<'_>,
    event: &LifecycleEvent,
    seen_at: i64,
    folded: &mut Folded,
) -> rusqlite::Result<()> {
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
    if changed == 1 {
        folded.changed.push(event.id);
        folded.reached.add(event.stage, 1);
    }
    Ok(())
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
