use anyhow::{Context, ensure};
use tokio_postgres::{Client, types::Type};
use uuid::Uuid;

use super::{address::Address, connections};

/// What makes each version of the format out of the one before, the first out of nothing. `status_store.format` is the number
/// of steps that a database has behind it.
const STEPS: [&str; 1] = [TABLES];
pub(super) const FORMAT: i32 = STEPS.len() as i32;

/// `seq` grows without gaps with the time of arrival, so the oldest rows are the first ones. A row is changed about once after
/// it was made: the room left beside it keeps that from touching the indexes. Times are microseconds since 1970.
const TABLES: &str = "
CREATE TABLE status_store (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    format integer NOT NULL,
    store uuid NOT NULL DEFAULT gen_random_uuid(),
    next_seq bigint NOT NULL DEFAULT 1,
    totals bigint[] NOT NULL
);
INSERT INTO status_store (format, totals) VALUES (0, '{0,0,0,0,0}');
CREATE TABLE message (
    seq bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    topic text NOT NULL,
    log_partition integer NOT NULL,
    log_offset bigint NOT NULL,
    key bytea,
    trace_id uuid,
    accepted_at bigint,
    streamed_at bigint,
    consumed_at bigint,
    indexed_at bigint,
    indexed_by text,
    indexed_took_us bigint,
    indexed_error text,
    dead_at bigint,
    dead_by text,
    dead_took_us bigint,
    dead_error text,
    -- When the row was made: by which clock it grows old.
    seen_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE log_position (
    topic text NOT NULL,
    log_partition integer NOT NULL,
    -- The replica that folds it.
    claimed_by uuid NOT NULL,
    -- NULL until the first fold.
    next_offset bigint,
    topic_id uuid,
    PRIMARY KEY (topic, log_partition)
);
-- How large the records of each topic were that were folded so far, to estimate how large the topic is.
CREATE TABLE topic_size (
    topic text PRIMARY KEY,
    topic_id uuid,
    records bigint NOT NULL,
    bytes bigint NOT NULL
);
";

/// Held while tables are made: replicas start at the same time.
const LOCK: i64 = 0x6b61_666b_6c6f_7564;

/// Makes the tables when there are none, brings older ones up to date, and returns which store it is.
pub(super) async fn open(address: &Address) -> anyhow::Result<Uuid> {
    let mut client = connections::connect(address).await?;
    let context = || format!("cannot make the tables in PostgreSQL at {}", address.shown);
    make_tables(&mut client).await.with_context(context)
}

async fn make_tables(client: &mut Client) -> anyhow::Result<Uuid> {
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction
        .execute_typed(lock, &[(&LOCK, Type::INT8)])
        .await?;
    let there = "SELECT to_regclass('status_store') IS NOT NULL";
    let is_there: bool = transaction.query_typed_one(there, &[]).await?.get(0);
    let version: i32 = if is_there {
        let sql = "SELECT format FROM status_store FOR UPDATE";
        transaction.query_typed_one(sql, &[]).await?.get(0)
    } else {
        0
    };
    ensure!(
        version <= FORMAT,
        "it was written by a newer version of this program (format {version}, this one knows {FORMAT}): \
         update the program, or name another database in STATUS_DATABASE_URL to build the status anew from Kafka"
    );
    let done = usize::try_from(version)?;
    for step in &STEPS[done..] {
        transaction.batch_execute(step).await?;
    }
    if version < FORMAT {
        let sql = "UPDATE status_store SET format = $1";
        transaction
            .execute_typed(sql, &[(&FORMAT, Type::INT4)])
            .await?;
    }
    let sql = "SELECT store FROM status_store";
    let store = transaction.query_typed_one(sql, &[]).await?.get(0);
    transaction.commit().await?;
    Ok(store)
}
