//! The messages between two times, selected in one pass over the newest rows.

use std::pin::pin;

use contract::status::LifeStats;
use futures::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};

use super::{connections::Connections, merge::text};
use crate::store::{
    StatsQuery,
    counted::{CLOCK_AHEAD_US, Counted, MESSAGES_MAX, Reached},
};

const ROWS: &str = "
SELECT accepted_at, streamed_at, consumed_at, indexed_at, dead_at FROM message
WHERE seq > CASE WHEN (SELECT seen_at FROM message ORDER BY seq LIMIT 1) >= $1 THEN 0
        ELSE (SELECT seq FROM message WHERE seen_at < $1 ORDER BY seq DESC LIMIT 1) END
    AND ($2::text IS NULL OR topic = $2)
    AND coalesce(streamed_at, seen_at) >= $3 AND coalesce(streamed_at, seen_at) < $4
ORDER BY seq DESC LIMIT $5";

pub(super) async fn stats(
    connections: &Connections,
    query: &StatsQuery,
) -> anyhow::Result<LifeStats> {
    let (since, until) = (query.since.as_micros(), query.until.as_micros());
    let topic = query.topic.as_deref().map(text);
    let seen_since = since.saturating_sub(CLOCK_AHEAD_US);
    let limit = i64::try_from(MESSAGES_MAX)? + 1;
    connections
        .with(async |client| {
            let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
                (&seen_since, Type::INT8),
                (&topic, Type::TEXT),
                (&since, Type::INT8),
                (&until, Type::INT8),
                (&limit, Type::INT8),
            ];
            let mut counted = Counted::new(since, until, query.buckets);
            let mut complete = true;
            let mut rows = pin!(client.query_typed_raw(ROWS, parameters).await?);
            while let Some(row) = rows.try_next().await? {
                if counted.messages == MESSAGES_MAX as u64 {
                    complete = false;
                    continue;
                }
                let mut reached = Reached::default();
                for (column, at) in reached.iter_mut().enumerate() {
                    *at = row.get(column);
                }
                counted.add(&reached);
            }
            Ok(counted.stats(complete))
        })
        .await
}
