use std::time::Duration;

use contract::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::config::StoreConfig;

/// Fewest rows that a step may clear.
const STEP_MIN: usize = 256;

/// Clears the oldest rows, a few after each fold: twice as many as were added at most, so that clearing keeps up with the
/// intake and never holds it up for long. Space in the file is used again, the file does not shrink.
pub(super) struct Retention {
    age: Duration,
    count: i64,
}

impl Retention {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            age: config.retention_age,
            count: i64::try_from(config.retention_count).unwrap_or(i64::MAX),
        }
    }

    /// One step, after a fold of `added` rows at most.
    pub(super) fn step(&mut self, connection: &Connection, added: usize) -> rusqlite::Result<()> {
        let Some((first, last, oldest_at)) = ends(connection)? else {
            return Ok(());
        };
        let limit = (2 * added).max(STEP_MIN) as i64;
        // Rows leave only at this end, so numbers without row are few and only make the count cautious.
        let surplus = (last - first + 1).saturating_sub(self.count);
        let oldest_kept = Timestamp::from(std::time::SystemTime::now()).as_micros()
            - i64::try_from(self.age.as_micros()).unwrap_or(i64::MAX);
        if surplus > 0 {
            let through = first + surplus.min(limit) - 1;
            connection
                .prepare_cached("DELETE FROM message WHERE seq <= ?1")?
                .execute([through])?;
        } else if oldest_at < oldest_kept {
            let sql = "DELETE FROM message WHERE seq < ?1 AND seen_at < ?2";
            connection
                .prepare_cached(sql)?
                .execute([first + limit, oldest_kept])?;
        }
        Ok(())
    }
}

/// The first and the last row, and when the first was made.
fn ends(connection: &Connection) -> rusqlite::Result<Option<(i64, i64, i64)>> {
    let sql =
        "SELECT seq, (SELECT max(seq) FROM message), seen_at FROM message ORDER BY seq LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
}
