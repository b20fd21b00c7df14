//! Messages by what is known of them, not by id.
//!
//! The whole table is read, newest row first. An index on keys would make folding slower, since keys come in no order, and
//! looking for messages is much rarer than messages.

use contract::{Stage, Timestamp, status::LifeList, topic};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{connections::Connections, merge::text, row};
use crate::store::{LifeFilter, LifeSearch};

/// Says for every row whether the filter applies; what is not looked for is NULL. The CASE is the highest rung as
/// `Stage as i64` has it. Questions and answers get no further than 2, *consumed*: the seer does not learn them.
///
/// A key may be no text. As Latin 1 every byte is a character, but 0, which PostgreSQL's texts have none of; `C` tells capital
/// from small ASCII letters only.
const MATCHES: &str = "
    ($1::text IS NULL OR topic = $1)
    AND ($2::bytea IS NULL OR key = $2)
    AND ($3::bigint IS NULL OR coalesce(streamed_at, seen_at) >= $3)
    AND ($4::bigint IS NULL OR coalesce(streamed_at, seen_at) < $4)
    AND ($5::bigint IS NULL OR $5 = CASE WHEN dead_at IS NOT NULL THEN 4 WHEN indexed_at IS NOT NULL THEN 3
        WHEN consumed_at IS NOT NULL THEN 2 ELSE 1 END)
    AND ($6::bigint IS NULL OR (CASE WHEN topic IN ($7, $8) THEN least($6, 2) ELSE $6 END)
        > CASE WHEN dead_at IS NOT NULL THEN 4 WHEN indexed_at IS NOT NULL THEN 3
        WHEN consumed_at IS NOT NULL THEN 2 ELSE 1 END)
    AND (NOT $9 OR dead_at IS NOT NULL OR indexed_error IS NOT NULL)
    AND ($10::text IS NULL
        OR strpos(lower(CASE WHEN position('\\x00'::bytea IN key) = 0 THEN convert_from(key, 'LATIN1')
            ELSE encode(key, 'escape') END COLLATE \"C\"), $11) > 0
        OR strpos(lower(dead_error COLLATE \"C\"), $10) > 0 OR strpos(lower(indexed_error COLLATE \"C\"), $10) > 0)";
const _: () = assert!(
    Stage::Streamed as u8 == 1
        && Stage::Consumed as u8 == 2
        && Stage::Indexed as u8 == 3
        && Stage::Dead as u8 == 4
);

pub(super) async fn search(
    connections: &Connections,
    search: LifeSearch,
) -> anyhow::Result<LifeList> {
    let filter = Parameters::of(&search.filter);
    let count = format!("SELECT count(*) FROM message WHERE {MATCHES}");
    // A message whose row has left was older than all that are there: nothing was before it.
    let select = format!(
        "SELECT {} FROM message WHERE {MATCHES}
         AND ($12::uuid IS NULL OR seq < (SELECT seq FROM message WHERE id = $12))
         ORDER BY seq DESC LIMIT $13",
        row::COLUMNS
    );
    let before: Option<Uuid> = search.before.map(|id| id.0);
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    connections
        .with(async |client| {
            let mut parameters = filter.bind();
            let counted = client.query_typed_one(&count, &parameters).await?;
            parameters.extend([(&before as _, Type::UUID), (&limit as _, Type::INT8)]);
            let rows = client.query_typed(&select, &parameters).await?;
            Ok(LifeList {
                lives: rows.iter().map(row::life).collect(),
                total: u64::try_from(counted.get::<_, i64>(0)).unwrap_or(0),
            })
        })
        .await
}

/// A filter as PostgreSQL takes it.
struct Parameters {
    topic: Option<String>,
    key: Option<Vec<u8>>,
    since: Option<i64>,
    until: Option<i64>,
    stage: Option<i64>,
    not_reached: Option<i64>,
    failed: bool,
    text: Option<String>,
    /// The text, byte by byte.
    latin: Option<String>,
}

impl Parameters {
    fn of(filter: &LifeFilter) -> Self {
        let sought = filter.text.as_deref().map(str::to_ascii_lowercase);
        let latin = |sought: &String| sought.bytes().map(char::from).collect::<String>();
        Self {
            topic: filter
                .topic
                .as_deref()
                .map(|topic| text(topic).into_owned()),
            key: filter.key.clone(),
            since: filter.since.map(Timestamp::as_micros),
            until: filter.until.map(Timestamp::as_micros),
            stage: filter.stage.map(|stage| stage as i64),
            not_reached: filter.not_reached.map(|stage| stage as i64),
            failed: filter.failed,
            latin: sought
                .as_ref()
                .map(|sought| text(&latin(sought)).into_owned()),
            text: sought.map(|sought| text(&sought).into_owned()),
        }
    }

    fn bind(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        vec![
            (&self.topic, Type::TEXT),
            (&self.key, Type::BYTEA),
            (&self.since, Type::INT8),
            (&self.until, Type::INT8),
            (&self.stage, Type::INT8),
            (&self.not_reached, Type::INT8),
            (&topic::SEER_QUESTION, Type::TEXT),
            (&topic::SEER_ANSWER, Type::TEXT),
            (&self.failed, Type::BOOL),
            (&self.text, Type::TEXT),
            (&self.latin, Type::TEXT),
        ]
    }
}
