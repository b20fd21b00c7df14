//! Rows as what they stand for.

use std::collections::HashMap;

use contract::{MessageId, status::MessageLife};
use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::{connections::Connections, fold};
use crate::store::{
    StageCounts,
    life_row::{LifeRow, Reported},
};

/// What [`life`] reads, in its order.
pub(super) const COLUMNS: &str = "id, topic, log_partition, log_offset, key, trace_id, accepted_at, streamed_at, consumed_at, \
    indexed_at, indexed_by, indexed_took_us, indexed_error, dead_at, dead_by, dead_took_us, dead_error";

/// In the order of `ids`.
pub(super) async fn lives(
    connections: &Connections,
    ids: &[MessageId],
) -> anyhow::Result<Vec<MessageLife>> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let sql = format!("SELECT {COLUMNS} FROM message WHERE id = ANY ($1)");
    let rows = connections
        .with(async |client| {
            Ok(client
                .query_typed(&sql, &[(&wanted, Type::UUID_ARRAY)])
                .await?)
        })
        .await?;
    let lives = rows.iter().map(life).map(|life| (life.id, life));
    let mut lives: HashMap<MessageId, MessageLife> = lives.collect();
    Ok(ids.iter().filter_map(|id| lives.remove(id)).collect())
}

pub(super) async fn totals(connections: &Connections) -> anyhow::Result<StageCounts> {
    let sql = "SELECT totals FROM status_store";
    connections
        .with(async |client| {
            let row = client.query_typed_one(sql, &[]).await?;
            Ok(fold::totals(&row.get::<_, Vec<i64>>(0)))
        })
        .await
}

/// Bytes of an average record of each topic.
pub(super) async fn record_sizes(
    connections: &Connections,
) -> anyhow::Result<HashMap<String, f64>> {
    let sql = "SELECT topic, bytes::double precision / records FROM topic_size WHERE records > 0";
    connections
        .with(async |client| {
            let rows = client.query_typed(sql, &[]).await?;
            Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
        .await
}

/// A row as the life it stands for.
pub(super) fn life(row: &Row) -> MessageLife {
    let trace_id: Option<Uuid> = row.get(5);
    let row = LifeRow {
        id: MessageId(row.get(0)),
        topic: row.get(1),
        partition: row.get(2),
        offset: row.get(3),
        key: row.get(4),
        trace_id: trace_id.map(|id| id.as_u128()),
        accepted_at: row.get(6),
        streamed_at: row.get(7),
        consumed_at: row.get(8),
        indexed: reported(row, 9),
        dead: reported(row, 13),
    };
    row.life()
}

/// A rung that a component reported: its columns begin at `first`.
fn reported(row: &Row, first: usize) -> Option<Reported> {
    let at: Option<i64> = row.get(first);
    Some(Reported {
        at: at?,
        component: row.get(first + 1),
        took_us: row.get(first + 2),
        error: row.get(first + 3),
    })
}
