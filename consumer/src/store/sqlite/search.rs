//! Messages by what is known of them, not by id.
//!
//! The whole table is read, newest row first: about 0.1 s for a million rows. An index on keys would make folding several
//! times slower, since keys come in no order, and looking for messages is much rarer than messages.

use contract::{Stage, Timestamp, status::LifeList, topic};
use rusqlite::{Connection, ToSql, named_params};

use super::row;
use crate::store::{LifeFilter, LifeSearch};

/// Says for every row whether the filter applies; what is not looked for is NULL. The CASE is the highest rung as
/// `Stage as i64` has it. Questions and answers get no further than 2, *consumed*: the seer does not learn them.
const MATCHES: &str = "
    (:topic IS NULL OR topic = :topic)
    AND (:key IS NULL OR key = :key)
    AND (:since IS NULL OR coalesce(streamed_at, seen_at) >= :since)
    AND (:until IS NULL OR coalesce(streamed_at, seen_at) < :until)
    AND (:stage IS NULL OR :stage = CASE WHEN dead_at IS NOT NULL THEN 4 WHEN indexed_at IS NOT NULL THEN 3
        WHEN consumed_at IS NOT NULL THEN 2 ELSE 1 END)
    AND (:not_reached IS NULL OR (CASE WHEN topic IN (:question, :answer) THEN min(:not_reached, 2) ELSE :not_reached END)
        > CASE WHEN dead_at IS NOT NULL THEN 4 WHEN indexed_at IS NOT NULL THEN 3
        WHEN consumed_at IS NOT NULL THEN 2 ELSE 1 END)
    AND (NOT :failed OR dead_at IS NOT NULL OR indexed_error IS NOT NULL)
    AND (:text IS NULL OR CAST(key AS TEXT) LIKE :text ESCAPE '\\' OR dead_error LIKE :text ESCAPE '\\'
        OR indexed_error LIKE :text ESCAPE '\\')";
const _: () = assert!(
    Stage::Streamed as u8 == 1
        && Stage::Consumed as u8 == 2
        && Stage::Indexed as u8 == 3
        && Stage::Dead as u8 == 4
);

pub(super) fn search(connection: &Connection, search: &LifeSearch) -> rusqlite::Result<LifeList> {
    let filter = Parameters::of(&search.filter);
    let sql = format!("SELECT count(*) FROM message WHERE {MATCHES}");
    let mut count = connection.prepare_cached(&sql)?;
    let total: i64 = count.query_row(&*filter.bind(), |row| row.get(0))?;
    // A message whose row has left was older than all that are there: nothing was before it.
    let sql = format!(
        "SELECT {} FROM message WHERE {MATCHES}
         AND (:before IS NULL OR seq < (SELECT seq FROM message WHERE id = :before))
         ORDER BY seq DESC LIMIT :limit",
        row::COLUMNS
    );
    let mut select = connection.prepare_cached(&sql)?;
    let before = search.before.map(|id| *id.0.as_bytes());
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    let mut parameters = filter.bind();
    parameters.extend_from_slice(named_params! { ":before": before, ":limit": limit });
    let lives = select.query_map(&*parameters, row::life)?;
    Ok(LifeList {
        lives: lives.collect::<Result<_, _>>()?,
        total: u64::try_from(total).unwrap_or(0),
    })
}

/// A filter as SQLite takes it.
struct Parameters<'a> {
    filter: &'a LifeFilter,
    stage: Option<i64>,
    since: Option<i64>,
    until: Option<i64>,
    not_reached: Option<i64>,
    text: Option<String>,
}

impl<'a> Parameters<'a> {
    fn of(filter: &'a LifeFilter) -> Self {
        let text = filter.text.as_deref().map(|text| {
            let escaped = text.replace('\\', r"\\").replace('%', r"\%");
            format!("%{}%", escaped.replace('_', r"\_"))
        });
        Self {
            filter,
            stage: filter.stage.map(|stage| stage as i64),
            since: filter.since.map(Timestamp::as_micros),
            until: filter.until.map(Timestamp::as_micros),
            not_reached: filter.not_reached.map(|stage| stage as i64),
            text,
        }
    }

    fn bind(&self) -> Vec<(&'static str, &dyn ToSql)> {
        vec![
            (":topic", &self.filter.topic),
            (":key", &self.filter.key),
            (":since", &self.since),
            (":until", &self.until),
            (":stage", &self.stage),
            (":not_reached", &self.not_reached),
            (":question", &topic::SEER_QUESTION),
            (":answer", &topic::SEER_ANSWER),
            (":failed", &self.filter.failed),
            (":text", &self.text),
        ]
    }
}
