use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use anyhow::ensure;
use contract::{MessageId, Stage};
use tokio_postgres::{Client, Transaction, types::Type};
use uuid::Uuid;

use super::{
    columns::{Events, Parameters, Records},
    merge::{self, Known, Said, TopicSize},
    notify, schema,
};
use crate::store::{FoldBatch, Folded, StageCounts};

/// Only where this replica has the claim. A position may go back: the log of a topic that was made anew begins at 0 again.
const POSITIONS: &str = "
UPDATE log_position SET next_offset = read.next_offset, topic_id = read.topic_id
FROM unnest($1, $2, $3, $4) AS read (topic, log_partition, next_offset, topic_id)
WHERE log_position.topic = read.topic AND log_position.log_partition = read.log_partition AND claimed_by = $5
RETURNING log_position.topic, log_position.log_partition";

const KNOWN: &str = "
SELECT id, consumed_at IS NOT NULL, indexed_at IS NOT NULL, dead_at IS NOT NULL FROM message WHERE id = ANY ($1)";

const INSERT: &str = "
INSERT INTO message (seq, id, seen_at, topic, log_partition, log_offset, trace_id, key, accepted_at, streamed_at, consumed_at,
    indexed_at, indexed_by, indexed_took_us, indexed_error, dead_at, dead_by, dead_took_us, dead_error)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

const RECORDS: &str = "
UPDATE message SET topic = seen.topic, log_partition = seen.log_partition, log_offset = seen.log_offset,
    trace_id = seen.trace_id, key = seen.key, accepted_at = seen.accepted_at, streamed_at = seen.streamed_at,
    consumed_at = seen.consumed_at
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
    AS seen (id, topic, log_partition, log_offset, trace_id, key, accepted_at, streamed_at, consumed_at)
WHERE message.id = seen.id";

const INDEXED: &str = "
UPDATE message SET indexed_at = event.at, indexed_by = event.by, indexed_took_us = event.took_us, indexed_error = event.error
FROM unnest($1, $2, $3, $4, $5) AS event (id, at, by, took_us, error) WHERE message.id = event.id";

const DEAD: &str = "
UPDATE message SET dead_at = event.at, dead_by = event.by, dead_took_us = event.took_us, dead_error = event.error
FROM unnest($1, $2, $3, $4, $5) AS event (id, at, by, took_us, error) WHERE message.id = event.id";

/// A topic that was made anew may hold something quite different: it is counted from its beginning.
const SIZES: &str = "
INSERT INTO topic_size (topic, topic_id, records, bytes)
SELECT * FROM unnest($1, $2, $3, $4)
ON CONFLICT (topic) DO UPDATE SET
    records = excluded.records
        + CASE WHEN topic_size.topic_id IS NOT DISTINCT FROM excluded.topic_id THEN topic_size.records ELSE 0 END,
    bytes = excluded.bytes
        + CASE WHEN topic_size.topic_id IS NOT DISTINCT FROM excluded.topic_id THEN topic_size.bytes ELSE 0 END,
    topic_id = excluded.topic_id";

/// The one row of `status_store`.
pub(super) struct State {
    next_seq: i64,
    totals: StageCounts,
}

/// Waits until nobody else folds, and keeps everybody from it until the end of the transaction.
pub(super) async fn lock(transaction: &Transaction<'_>) -> anyhow::Result<State> {
    let sql = "SELECT format, next_seq, totals FROM status_store FOR UPDATE";
    let row = transaction.query_typed_one(sql, &[]).await?;
    let format: i32 = row.get(0);
    ensure!(
        format == schema::FORMAT,
        "the status store has format {format} by now, this program knows {}: update it",
        schema::FORMAT
    );
    Ok(State {
        next_seq: row.get(1),
        totals: totals(&row.get::<_, Vec<i64>>(2)),
    })
}

/// In the order of [`Stage::ALL`].
pub(super) fn totals(numbers: &[i64]) -> StageCounts {
    let mut totals = StageCounts::default();
    for (stage, number) in Stage::ALL.into_iter().zip(numbers) {
        totals.add(stage, u64::try_from(*number).unwrap_or(0));
    }
    totals
}

/// One batch and its positions, in one transaction.
pub(super) async fn fold(
    client: &mut Client,
    batch: &FoldBatch,
    store: Uuid,
    replica: Uuid,
) -> anyhow::Result<Folded> {
    let transaction = client.transaction().await?;
    let mut state = lock(&transaction).await?;
    let owned = keep_positions(&transaction, batch, replica).await?;
    let observations = batch.observations.iter().filter(|observation| {
        let (topic, partition) = observation.source();
        owned.contains(&(Cow::Borrowed(topic), partition))
    });
    let said = merge::merge(observations);
    let known = known(&transaction, &said).await?;
    let of = |id: &MessageId| known.get(id).copied().unwrap_or_default();
    let news = said.into_iter().filter_map(|said| said.news(of(&said.id)));
    let news: Vec<Said<'_>> = news.collect();
    let mut folded = Folded {
        changed: news.iter().map(|said| said.id).collect(),
        totals: state.totals,
    };
    if !news.is_empty() {
        for said in &news {
            said.count(&mut folded.totals);
        }
        let (old, new): (Vec<_>, Vec<_>) = news.iter().partition(|said| of(&said.id).row);
        let seen_at = batch.at.as_micros();
        insert(&transaction, &new, state.next_seq, seen_at).await?;
        update(&transaction, &old, seen_at).await?;
        add_sizes(&transaction, batch, &merge::sizes(&news)).await?;
        state.next_seq += i64::try_from(new.len())?;
        state.totals = folded.totals;
        keep_state(&transaction, &state).await?;
        notify::tell(&transaction, store, replica, &folded).await?;
    }
    transaction.commit().await?;
    Ok(folded)
}

/// The partitions of the batch of which this replica has the claim.
async fn keep_positions(
    transaction: &Transaction<'_>,
    batch: &FoldBatch,
    replica: Uuid,
) -> anyhow::Result<HashSet<(Cow<'static, str>, i32)>> {
    let ends = &batch.ends.0;
    let topics: Vec<&str> = ends.iter().map(|end| &*end.topic).collect();
    let partitions: Vec<i32> = ends.iter().map(|end| end.partition).collect();
    let next: Vec<i64> = ends.iter().map(|end| end.last_offset + 1).collect();
    let topic_ids: Vec<Option<Uuid>> = ends.iter().map(|end| end.topic_id).collect();
    let rows = transaction
        .query_typed(
            POSITIONS,
            &[
                (&topics, Type::TEXT_ARRAY),
                (&partitions, Type::INT4_ARRAY),
                (&next, Type::INT8_ARRAY),
                (&topic_ids, Type::UUID_ARRAY),
                (&replica, Type::UUID),
            ],
        )
        .await?;
    if rows.len() < ends.len() {
        tracing::info!(
            partitions = ends.len() - rows.len(),
            "another replica has taken over; what was read of these partitions is left to it"
        );
    }
    let owned = rows.iter().map(|row| {
        let topic: String = row.get(0);
        (Cow::Owned(topic), row.get(1))
    });
    Ok(owned.collect())
}

async fn known(
    transaction: &Transaction<'_>,
    said: &[Said<'_>],
) -> anyhow::Result<HashMap<MessageId, Known>> {
    if said.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = said.iter().map(|said| said.id.0).collect();
    let rows = transaction
        .query_typed(KNOWN, &[(&ids, Type::UUID_ARRAY)])
        .await?;
    let known = rows.iter().map(|row| {
        let known = Known {
            row: true,
            record: row.get(1),
            indexed: row.get(2),
            dead: row.get(3),
        };
        (MessageId(row.get(0)), known)
    });
    Ok(known.collect())
}

async fn insert(
    transaction: &Transaction<'_>,
    new: &[&Said<'_>],
    next_seq: i64,
    seen_at: i64,
) -> anyhow::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = (next_seq..).take(new.len()).collect();
    let ids: Vec<Uuid> = new.iter().map(|said| said.id.0).collect();
    let seen: Vec<i64> = vec![seen_at; new.len()];
    let records = Records::new(new, seen_at);
    let indexed = Events::new(new.iter().map(|said| said.indexed));
    let dead = Events::new(new.iter().map(|said| said.dead));
    let mut parameters: Parameters<'_> = vec![
        (&numbers, Type::INT8_ARRAY),
        (&ids, Type::UUID_ARRAY),
        (&seen, Type::INT8_ARRAY),
    ];
    parameters.extend(records.parameters());
    parameters.extend(indexed.parameters());
    parameters.extend(dead.parameters());
    transaction.execute_typed(INSERT, &parameters).await?;
    Ok(())
}

async fn update(
    transaction: &Transaction<'_>,
    old: &[&Said<'_>],
    seen_at: i64,
) -> anyhow::Result<()> {
    let with_record: Vec<&Said<'_>> = only(old, |said| said.record.is_some());
    if !with_record.is_empty() {
        let ids: Vec<Uuid> = with_record.iter().map(|said| said.id.0).collect();
        let records = Records::new(&with_record, seen_at);
        let mut parameters: Parameters<'_> = vec![(&ids, Type::UUID_ARRAY)];
        parameters.extend(records.parameters());
        transaction.execute_typed(RECORDS, &parameters).await?;
    }
    let indexed = only(old, |said| said.indexed.is_some());
    let events = Events::new(indexed.iter().map(|said| said.indexed));
    update_events(transaction, INDEXED, &indexed, &events).await?;
    let dead = only(old, |said| said.dead.is_some());
    let events = Events::new(dead.iter().map(|said| said.dead));
    update_events(transaction, DEAD, &dead, &events).await
}

fn only<'s, 'a>(said: &[&'s Said<'a>], wanted: impl Fn(&Said<'a>) -> bool) -> Vec<&'s Said<'a>> {
    let said = said.iter().copied();
    said.filter(|said| wanted(said)).collect()
}

async fn update_events(
    transaction: &Transaction<'_>,
    sql: &str,
    said: &[&Said<'_>],
    events: &Events<'_>,
) -> anyhow::Result<()> {
    if said.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = said.iter().map(|said| said.id.0).collect();
    let mut parameters: Parameters<'_> = vec![(&ids, Type::UUID_ARRAY)];
    parameters.extend(events.parameters());
    transaction.execute_typed(sql, &parameters).await?;
    Ok(())
}

async fn add_sizes(
    transaction: &Transaction<'_>,
    batch: &FoldBatch,
    sizes: &[TopicSize<'_>],
) -> anyhow::Result<()> {
    if sizes.is_empty() {
        return Ok(());
    }
    let topic_id = |size: &TopicSize<'_>| {
        let mut ends = batch.ends.0.iter();
        ends.find(|end| end.topic == *size.topic)?.topic_id
    };
    let topics: Vec<&str> = sizes.iter().map(|size| &**size.topic).collect();
    let topic_ids: Vec<Option<Uuid>> = sizes.iter().map(topic_id).collect();
    let records: Vec<i64> = sizes.iter().map(|size| size.records).collect();
    let bytes: Vec<i64> = sizes.iter().map(|size| size.bytes).collect();
    transaction
        .execute_typed(
            SIZES,
            &[
                (&topics, Type::TEXT_ARRAY),
                (&topic_ids, Type::UUID_ARRAY),
                (&records, Type::INT8_ARRAY),
                (&bytes, Type::INT8_ARRAY),
            ],
        )
        .await?;
    Ok(())
}

async fn keep_state(transaction: &Transaction<'_>, state: &State) -> anyhow::Result<()> {
    let totals = Stage::ALL.map(|stage| i64::try_from(state.totals.get(stage)).unwrap_or(i64::MAX));
    transaction
        .execute_typed(
            "UPDATE status_store SET next_seq = $1, totals = $2",
            &[
                (&state.next_seq, Type::INT8),
                (&&totals[..], Type::INT8_ARRAY),
            ],
        )
        .await?;
    Ok(())
}
