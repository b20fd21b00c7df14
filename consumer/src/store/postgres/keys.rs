//! Messages that belong together by their key.

use contract::{MessageId, record::RecordPlace};
use tokio_postgres::{Row, types::Type};

use super::connections::Connections;
use crate::store::Beside;

/// In the order in which they came. There is no index on keys (see `search`): rows are looked at one by one from the
/// message on, so that a neighbour nearby is found at once and none at all after the whole table.
pub(super) async fn with_same_key(
    connections: &Connections,
    id: MessageId,
) -> anyhow::Result<Beside> {
    let message = "SELECT seq, topic, key FROM message WHERE id = $1 AND key IS NOT NULL";
    let nearest = |condition: &str| {
        format!(
            "SELECT id, topic, log_partition, log_offset FROM message
             WHERE topic = $2 AND key = $3 AND consumed_at IS NOT NULL AND {condition} LIMIT 1"
        )
    };
    connections
        .with(async |client| {
            let found = client
                .query_typed_opt(message, &[(&id.0, Type::UUID)])
                .await?;
            let Some(found) = found else {
                return Ok((None, None));
            };
            let seq: i64 = found.get(0);
            let (topic, key): (&str, &[u8]) = (found.get(1), found.get(2));
            let beside = [
                (&seq as _, Type::INT8),
                (&topic as _, Type::TEXT),
                (&key as _, Type::BYTEA),
            ];
            let before = nearest("seq < $1 ORDER BY seq DESC");
            let before = client.query_typed_opt(&before, &beside).await?;
            let after = nearest("seq > $1 ORDER BY seq");
            let after = client.query_typed_opt(&after, &beside).await?;
            Ok((before.as_ref().map(place), after.as_ref().map(place)))
        })
        .await
}

fn place(row: &Row) -> RecordPlace {
    RecordPlace {
        id: MessageId(row.get(0)),
        topic: row.get(1),
        partition: row.get(2),
        offset: row.get(3),
    }
}
