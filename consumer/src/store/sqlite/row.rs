//! Rows as what they stand for.

use std::collections::HashMap;

use bus::StartPosition;
use contract::{
    MessageId, Stage, Timestamp,
    status::{MessageLife, StageReached},
};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::store::{StageCounts, StoredPosition};

/// What [`life`] reads, in its order.
pub(super) const COLUMNS: &str = "id, topic, partition, offset, key, trace_id, accepted_at, streamed_at, consumed_at, \
    indexed_at, indexed_by, indexed_took_us, indexed_error, dead_at, dead_by, dead_took_us, dead_error";

pub(super) fn lives(
    connection: &Connection,
    ids: &[MessageId],
) -> rusqlite::Result<Vec<MessageLife>> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE id = ?1");
    let mut query = connection.prepare_cached(&sql)?;
    let mut lives = Vec::with_capacity(ids.len());
    for id in ids {
        lives.extend(query.query_row([id.0.as_bytes()], life).optional()?);
    }
    Ok(lives)
}

pub(super) fn totals(connection: &Connection) -> rusqlite::Result<StageCounts> {
    let mut totals = StageCounts::default();
    let mut query = connection.prepare_cached("SELECT stage, total FROM stage_total")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (name, total): (String, i64) = (row.get(0)?, row.get(1)?);
        if let Ok(stage) = name.parse() {
            totals.add(stage, u64::try_from(total).unwrap_or(0));
        }
    }
    Ok(totals)
}

/// Bytes of an average record of each topic.
pub(super) fn record_sizes(connection: &Connection) -> rusqlite::Result<HashMap<String, f64>> {
    let sql = "SELECT topic, CAST(bytes AS REAL) / records FROM topic_size WHERE records > 0";
    connection
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn positions(connection: &Connection) -> rusqlite::Result<Vec<StoredPosition>> {
    let sql = "SELECT topic, partition, next_offset, topic_id FROM position";
    connection
        .prepare_cached(sql)?
        .query_map([], |row| {
            let topic_id: Option<[u8; 16]> = row.get(3)?;
            Ok(StoredPosition {
                topic: row.get(0)?,
                partition: row.get(1)?,
                start: StartPosition {
                    next_offset: row.get(2)?,
                    topic_id: topic_id.map(Uuid::from_bytes),
                },
            })
        })?
        .collect()
}

/// A row as the life it stands for.
pub(super) fn life(row: &Row<'_>) -> rusqlite::Result<MessageLife> {
    let key: Option<Vec<u8>> = row.get(4)?;
    let trace_id: Option<[u8; 16]> = row.get(5)?;
    let mut stages = from_record(row)?;
    stages.extend(from_event(row, Stage::Indexed, 9)?);
    stages.extend(from_event(row, Stage::Dead, 13)?);
    stages.sort_by_key(|reached| (reached.at, reached.stage));
    let highest = stages.iter().map(|reached| reached.stage).max();
    Ok(MessageLife {
        id: MessageId(Uuid::from_bytes(row.get(0)?)),
        topic: row.get(1)?,
        partition: row.get(2)?,
        offset: row.get(3)?,
        key: key.map(|key| String::from_utf8_lossy(&key).into_owned()),
        // Every row is written with at least one stage.
        stage: highest.unwrap_or(Stage::Streamed),
        trace_id: trace_id.map(|id| format!("{:032x}", u128::from_be_bytes(id))),
        stages,
    })
}

/// The rungs that the message's own record tells, each timed from the one before.
fn from_record(row: &Row<'_>) -> rusqlite::Result<Vec<StageReached>> {
    let rungs = [
        (Stage::Accepted, "producer", at(row, 6)?),
        (Stage::Streamed, "streamer", at(row, 7)?),
        (Stage::Consumed, "consumer", at(row, 8)?),
    ];
    let mut before = None;
    let mut stages = Vec::with_capacity(4);
    for (stage, component, at) in rungs {
        let Some(at) = at else { continue };
        stages.push(StageReached {
            stage,
            at,
            component: component.to_owned(),
            took_us: before.map_or(0, |before| at.micros_since(before)),
            error: None,
        });
        before = Some(at);
    }
    Ok(stages)
}

/// A rung that a component reported: its columns begin at `first`.
fn from_event(row: &Row<'_>, stage: Stage, first: usize) -> rusqlite::Result<Option<StageReached>> {
    let Some(at) = at(row, first)? else {
        return Ok(None);
    };
    let took_us: i64 = row.get(first + 2)?;
    Ok(Some(StageReached {
        stage,
        at,
        component: row.get(first + 1)?,
        took_us: u64::try_from(took_us).unwrap_or(0),
        error: row.get(first + 3)?,
    }))
}

fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}
