use bus::StartPosition;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{connections::Connections, fold};
use crate::store::{Partition, Positions};

/// Those that were never read get a row without a position, so that there is something to hold the claim.
const CLAIM: &str = "
INSERT INTO log_position (topic, log_partition, claimed_by)
SELECT topic, log_partition, $3 FROM unnest($1, $2) AS claimed (topic, log_partition)
ON CONFLICT (topic, log_partition) DO UPDATE SET claimed_by = excluded.claimed_by
RETURNING topic, log_partition, next_offset, topic_id";

/// After it, no fold of the replica before moves these positions, so they are where to begin.
pub(super) async fn claim(
    connections: &Connections,
    replica: Uuid,
    partitions: &[Partition],
) -> anyhow::Result<Positions> {
    if partitions.is_empty() {
        return Ok(Positions::new());
    }
    let (topics, numbers): (Vec<&str>, Vec<i32>) = partitions
        .iter()
        .map(|(topic, number)| (topic.as_str(), *number))
        .unzip();
    connections
        .with(async |client| {
            let transaction = client.transaction().await?;
            // Waits for the fold in work.
            fold::lock(&transaction).await?;
            let rows = transaction
                .query_typed(
                    CLAIM,
                    &[
                        (&topics, Type::TEXT_ARRAY),
                        (&numbers, Type::INT4_ARRAY),
                        (&replica, Type::UUID),
                    ],
                )
                .await?;
            transaction.commit().await?;
            let mut positions = Positions::new();
            for row in rows {
                let Some(next_offset) = row.get(2) else {
                    continue;
                };
                let start = StartPosition {
                    next_offset,
                    topic_id: row.get(3),
                };
                positions.insert((row.get(0), row.get(1)), start);
            }
            Ok(positions)
        })
        .await
}
