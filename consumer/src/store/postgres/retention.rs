use std::time::{Duration, Instant, SystemTime};

use contract::Timestamp;
use tokio_postgres::{Client, types::Type};

use super::fold;
use crate::config::StoreConfig;

/// Fewest rows that a step may clear.
const STEP_MIN: usize = 256;
/// How often the size is asked for.
const SIZE_INTERVAL: Duration = Duration::from_secs(10);

/// Clears the oldest rows, a few after each fold: twice as many as were added at most, so that clearing keeps up with the
/// intake and never holds it up for long. Each replica does it after its own folds.
pub(super) struct Retention {
    age: Duration,
    count: i64,
    sized_at: Option<Instant>,
}

impl Retention {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            age: config.retention_age,
            count: i64::try_from(config.retention_count).unwrap_or(i64::MAX),
            sized_at: None,
        }
    }

    /// One step, after a fold of `added` rows at most.
    pub(super) async fn step(&mut self, client: &mut Client, added: usize) -> anyhow::Result<()> {
        self.tell_size(client).await?;
        let Some((first, last, oldest_at)) = ends(client).await? else {
            return Ok(());
        };
        let limit = i64::try_from((2 * added).max(STEP_MIN))?;
        let surplus = (last - first + 1).saturating_sub(self.count);
        let now = Timestamp::from(SystemTime::now()).as_micros();
        let oldest_kept = now - i64::try_from(self.age.as_micros()).unwrap_or(i64::MAX);
        let (sql, bounds) = if surplus > 0 {
            let through = first + surplus.min(limit) - 1;
            (
                "DELETE FROM message WHERE seq <= $1 AND $2 = 0",
                [through, 0],
            )
        } else if oldest_at < oldest_kept {
            let sql = "DELETE FROM message WHERE seq < $1 AND seen_at < $2";
            (sql, [first + limit, oldest_kept])
        } else {
            return Ok(());
        };
        let transaction = client.transaction().await?;
        // What a fold found stays there until it ends.
        fold::lock(&transaction).await?;
        let [a, b] = &bounds;
        let bounds = [(a as _, Type::INT8), (b as _, Type::INT8)];
        transaction.execute_typed(sql, &bounds).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn tell_size(&mut self, client: &Client) -> anyhow::Result<()> {
        if self.sized_at.is_some_and(|at| at.elapsed() < SIZE_INTERVAL) {
            return Ok(());
        }
        self.sized_at = Some(Instant::now());
        let sql = "SELECT pg_total_relation_size('message')";
        let bytes: i64 = client.query_typed_one(sql, &[]).await?.get(0);
        metrics::gauge!("consumer_store_bytes").set(bytes as f64);
        Ok(())
    }
}

/// The first and the last row, and when the first was made.
async fn ends(client: &Client) -> anyhow::Result<Option<(i64, i64, i64)>> {
    let sql =
        "SELECT seq, (SELECT max(seq) FROM message), seen_at FROM message ORDER BY seq LIMIT 1";
    let row = client.query_typed_opt(sql, &[]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1), row.get(2))))
}
