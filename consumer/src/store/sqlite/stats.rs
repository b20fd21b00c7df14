//! The messages between two times, selected in one pass over the newest rows.

use contract::status::LifeStats;
use rusqlite::{Connection, named_params};

use crate::store::{
    StatsQuery,
    counted::{CLOCK_AHEAD_US, Counted, MESSAGES_MAX, Reached},
};

const ROWS: &str = "
SELECT accepted_at, streamed_at, consumed_at, indexed_at, dead_at FROM message
WHERE seq > CASE WHEN (SELECT seen_at FROM message ORDER BY seq LIMIT 1) >= :seen_since THEN 0
        ELSE (SELECT seq FROM message WHERE seen_at < :seen_since ORDER BY seq DESC LIMIT 1) END
    AND (:topic IS NULL OR topic = :topic)
    AND coalesce(streamed_at, seen_at) >= :since AND coalesce(streamed_at, seen_at) < :until
ORDER BY seq DESC LIMIT :limit";

pub(super) fn stats(connection: &Connection, query: &StatsQuery) -> rusqlite::Result<LifeStats> {
    let (since, until) = (query.since.as_micros(), query.until.as_micros());
    let mut counted = Counted::new(since, until, query.buckets);
    let mut statement = connection.prepare_cached(ROWS)?;
    let mut rows = statement.query(named_params! {
        ":seen_since": since - CLOCK_AHEAD_US,
        ":topic": query.topic,
        ":since": since,
        ":until": until,
        ":limit": MESSAGES_MAX as i64 + 1,
    })?;
    let mut complete = true;
    while let Some(row) = rows.next()? {
        if counted.messages == MESSAGES_MAX as u64 {
            complete = false;
            break;
        }
        let mut reached = Reached::default();
        for (column, at) in reached.iter_mut().enumerate() {
            *at = row.get(column)?;
        }
        counted.add(&reached);
    }
    Ok(counted.stats(complete))
}
