//! Messages that belong together by their key.

use contract::{MessageId, record::RecordPlace};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::store::Beside;

/// In the order in which they came. There is no index on keys (see `search`): rows are looked at one by one from the
/// message on, so that a neighbour nearby is found at once and none at all after the whole table.
pub(super) fn with_same_key(connection: &Connection, id: MessageId) -> rusqlite::Result<Beside> {
    let sql = "SELECT seq, topic, key FROM message WHERE id = ?1 AND key IS NOT NULL";
    let found: Option<(i64, String, Vec<u8>)> = connection
        .prepare_cached(sql)?
        .query_row([id.0.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((seq, topic, key)) = found else {
        return Ok((None, None));
    };
    let nearest = |condition: &str| {
        let sql = format!(
            "SELECT id, topic, partition, offset FROM message
             WHERE topic = ?2 AND key = ?3 AND consumed_at IS NOT NULL AND {condition} LIMIT 1"
        );
        connection
            .prepare_cached(&sql)?
            .query_row(params![seq, topic, key], place)
            .optional()
    };
    Ok((
        nearest("seq < ?1 ORDER BY seq DESC")?,
        nearest("seq > ?1 ORDER BY seq")?,
    ))
}

fn place(row: &Row<'_>) -> rusqlite::Result<RecordPlace> {
    Ok(RecordPlace {
        id: MessageId(Uuid::from_bytes(row.get(0)?)),
        topic: row.get(1)?,
        partition: row.get(2)?,
        offset: row.get(3)?,
    })
}
