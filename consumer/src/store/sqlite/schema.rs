use std::path::Path;

use anyhow::{Context, ensure};
use rusqlite::{Connection, OpenFlags};

/// The version this program writes, kept in SQLite's `user_version`.
const VERSION: i64 = 1;

/// `seq` grows with the time of arrival, so the oldest rows are the first ones; ids are UUIDv7 mostly, so their index
/// grows at its end as well.
const CREATE: &str = "
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

/// The connection that writes. Makes the tables when there are none.
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
    ensure!(
        version <= VERSION,
        "it was written by a newer version of this program (format {version}, this one knows {VERSION}): \
         update the program, or choose another folder with --data-dir to build the status anew from Kafka"
    );
    if version == 0 {
        let transaction = connection.transaction()?;
        transaction
            .execute_batch(CREATE)
            .context("cannot make the tables")?;
        transaction.pragma_update(None, "user_version", VERSION)?;
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
