//! Rows as what they stand for.

use std::collections::HashMap;

use bus::StartPosition;
use contract::{MessageId, status::MessageLife};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::store::{
    Partition, Positions, StageCounts,
    life_row::{LifeRow, Reported},
};

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

/// Where each of `partitions` is to be begun, as far as it was read before.
pub(super) fn positions(
    connection: &Connection,
    partitions: &[Partition],
) -> rusqlite::Result<Positions> {
    let sql = "SELECT next_offset, topic_id FROM position WHERE topic = ?1 AND partition = ?2";
    let mut query = connection.prepare_cached(sql)?;
    let mut positions = Positions::new();
    for (topic, partition) in partitions {
        let found = query.query_row(params![topic, partition], |row| {
            let topic_id: Option<[u8; 16]> = row.get(1)?;
            Ok(StartPosition {
                next_offset: row.get(0)?,
                topic_id: topic_id.map(Uuid::from_bytes),
            })
        });
        if let Some(start) = found.optional()? {
            positions.insert((topic.clone(), *partition), start);
        }
    }
    Ok(positions)
}

/// A row as the life it stands for.
pub(super) fn life(row: &Row<'_>) -> rusqlite::Result<MessageLife> {
    let trace_id: Option<[u8; 16]> = row.get(5)?;
    let row = LifeRow {
        id: MessageId(Uuid::from_bytes(row.get(0)?)),
        topic: row.get(1)?,
        partition: row.get(2)?,
        offset: row.get(3)?,
        key: row.get(4)?,
        trace_id: trace_id.map(u128::from_be_bytes),
        accepted_at: row.get(6)?,
        streamed_at: row.get(7)?,
        consumed_at: row.get(8)?,
        indexed: reported(row, 9)?,
        dead: reported(row, 13)?,
    };
    Ok(row.life())
}

/// A rung that a component reported: its columns begin at `first`.
fn reported(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Reported>> {
    let Some(at) = row.get(first)? else {
        return Ok(None);
    };
    Ok(Some(Reported {
        at,
        component: row.get(first + 1)?,
        took_us: row.get(first + 2)?,
        error: row.get(first + 3)?,
    }))
}
