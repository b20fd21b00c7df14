use std::path::Path;

use anyhow::{Context, ensure};
use rusqlite::{Connection, OpenFlags};

/// What makes each version of the format out of the one before, the first out of nothing. SQLite's `user_version` is the
/// number of steps that a file has behind it.
const STEPS: [&str; 3] = [TABLES, INDEXED_ERROR, TOPIC_SIZE];

/// `seq` grows with the time of arrival, so the oldest rows are the first ones; ids are UUIDv7 mostly, so their index
/// grows at its end as well.
const TABLES: &str = "
CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    key BLOB,
    trace_id BLOB,
    accepted_at INTEGER,
    streamed_at INTEGER,
    consumed_at INTEGER,
    indexed_at INTEGER,
    indexed_by TEXT,
    indexed_took_us INTEGER,
    dead_at INTEGER,
    dead_by TEXT,
    dead_took_us INTEGER,
    dead_error TEXT,
    -- When the row was made: by which clock it grows old. All times are microseconds since 1970.
    seen_at INTEGER NOT NULL
) STRICT;
CREATE TABLE stage_total (stage TEXT PRIMARY KEY, total INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE position (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    topic_id BLOB,
    PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;
";

const INDEXED_ERROR: &str = "ALTER TABLE message ADD COLUMN indexed_error TEXT;";

/// How large the records of each topic were that were folded so far, to estimate how large the topic is.
const TOPIC_SIZE: &str = "
CREATE TABLE topic_size (
    topic TEXT PRIMARY KEY,
    topic_id BLOB,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The connection that writes. Makes the tables when there are none, and brings older ones up to date.
pub(super) fn open(path: &Path) -> anyhow::Result<Connection> {
    let mut connection = Connection::open(path)?;
    // Readers go on while the writer commits.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit is written but not synced: it survives the end of the process. After the loss of power the file is
    // an older one but whole, and its positions tell what to read again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // 8 MB between checkpoints, which sync: rarer than the default, still small.
    connection.pragma_update(None, "wal_autocheckpoint", 2000)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let newest = STEPS.len();
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    ensure!(
        done <= newest,
        "it was written by a newer version of this program (format {version}, this one knows {newest}): \
         update the program, or choose another folder with --data-dir to build the status anew from Kafka"
    );
    if done < newest {
        let transaction = connection.transaction()?;
        for step in &STEPS[done..] {
            transaction
                .execute_batch(step)
                .context("cannot make the tables")?;
        }
        transaction.pragma_update(None, "user_version", newest as i64)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_first_version_opens_and_keeps_its_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("status.sqlite");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(TABLES).unwrap();
        old.execute_batch(
            "INSERT INTO message (id, topic, partition, offset, seen_at) VALUES (x'00', 'stream', 0, 7, 1);
             PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        for _ in 0..2 {
            let connection = open(&path).unwrap();
            let offset: i64 = connection
                .query_row(
                    "SELECT offset FROM message WHERE indexed_error IS NULL",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(offset, 7);
        }
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("status.sqlite");
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 1000).unwrap();
        let refusal = open(&path).unwrap_err().to_string();
        assert!(refusal.contains("--data-dir"), "{refusal}");
    }
}
