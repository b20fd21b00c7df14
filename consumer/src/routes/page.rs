use std::sync::Arc;

use axum::extract::State;
use bus::{RecordRange, TopicSelection};
use contract::{Position, Problem, record::RecordPage};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Query},
};
use utoipa::IntoParams;

use super::{messages::reading_room, parse_position, parse_topics};
use crate::{
    app::App,
    kafka::{ask, problem},
    scan::{Conditions, Cursor, Order, PARTITIONS_MAX, Scan, ScanEnd},
};

/// Records of a page when the caller does not say.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// Topics, separated by commas [default: all of users]
    #[serde(default)]
    topics: String,
    /// Only this partition of each topic
    partition: Option<i32>,
    /// From this place on: `earliest`, `latest`, an offset, or a time: RFC 3339, or milliseconds since 1970 (numbers from
    /// 100000000000 on) [default: earliest]
    from: Option<String>,
    /// Before this place, in the same form [default: latest]
    until: Option<String>,
    /// Which records come first [default: newest]
    #[serde(default)]
    order: Order,
    /// Only records with exactly this key
    key: Option<String>,
    /// Only records with this in their key, value or headers, in capital or small letters
    text: Option<String>,
    /// Only records of which this jq expression is true. It sees id, topic, partition, offset, timestamp, key, value (what
    /// its JSON stands for, or a string) and headers
    #[serde(rename = "where")]
    expression: Option<String>,
    /// Records of the page, 500 at most [default: 50]
    limit: Option<usize>,
    /// The `next` of the page before; the other parameters stay as they were
    cursor: Option<String>,
}

/// A page of records.
#[utoipa::path(get, path = "/messages", tag = "records", params(PageQuery), responses(
    (status = 200, body = RecordPage),
    (status = 400, description = "A parameter is not valid, or the expression takes too long", body = Problem),
    (status = 404, description = "No such topic", body = Problem),
    (status = 503, description = "Kafka is away, or too many are reading", body = Problem),
))]
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<RecordPage>> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiProblem::bad_request(
            "invalid-limit",
            "The limit is not valid",
            format!(
                "Give `limit` from 1 to {LIMIT_MAX}, and get the rest with `cursor`, page by page."
            ),
        ));
    }
    let _room = reading_room(&app).await?;
    let from = match &query.from {
        Some(from) => parse_position("from", from)?,
        None => Position::Earliest,
    };
    let until = match &query.until {
        Some(until) => parse_position("until", until)?,
        None => Position::Latest,
    };
    let cursor = match &query.cursor {
        Some(cursor) => go_on(&app, cursor).await?,
        None => begin(&app, &query, from, until).await?,
    };
    let conditions = Conditions {
        key: query.key,
        since_ms: time_ms(from),
        until_ms: time_ms(until),
    };
    let filter = app.filters.filter(query.text, query.expression).await?;
    let reader = app.admin.range_reader().map_err(|error| problem(&error))?;
    let scan = Scan::new(cursor, reader, conditions, filter);
    let page = scan.page(limit).await.map_err(|end| match end {
        ScanEnd::Kafka(error) => problem(&error),
        ScanEnd::Filter(end) => end.problem(),
    })?;
    Ok(Json(page))
}

/// Where the first page begins.
async fn begin(app: &App, query: &PageQuery, from: Position, until: Position) -> ApiResult<Cursor> {
    let topics = parse_topics(&query.topics)?;
    let mut ranges = ask(app, app.admin.ranges(topics, from, until)).await?;
    let is_wanted =
        |range: &RecordRange| query.partition.is_none_or(|only| only == range.partition);
    ranges.retain(is_wanted);
    if ranges.len() > PARTITIONS_MAX {
        return Err(ApiProblem::bad_request(
            "too-many-partitions",
            "Too many partitions at once",
            format!(
                "These topics have {} partitions with records in that time; a page is taken from {PARTITIONS_MAX} at most: \
                 name fewer `topics`, or a `partition`.",
                ranges.len()
            ),
        ));
    }
    Ok(Cursor {
        order: query.order,
        ranges,
    })
}

/// Where a further page begins, as far as the log still has it.
async fn go_on(app: &App, cursor: &str) -> ApiResult<Cursor> {
    let mut cursor: Cursor = cursor.parse().map_err(|_| {
        ApiProblem::bad_request(
            "invalid-cursor",
            "The cursor is not valid",
            "Give the `next` of a page as it was.",
        )
    })?;
    let topics = cursor.ranges.iter().map(|range| range.topic.to_string());
    let topics = TopicSelection::Named(topics.collect());
    let log = app
        .admin
        .ranges(topics, Position::Earliest, Position::Latest);
    let log = ask(app, log).await?;
    let in_log = |range: RecordRange| {
        let is_same =
            |there: &&RecordRange| there.topic == range.topic && there.partition == range.partition;
        let there = log.iter().find(is_same)?;
        let left = RecordRange {
            from: range.from.max(there.from),
            until: range.until.min(there.until),
            ..range
        };
        (left.from < left.until).then_some(left)
    };
    cursor.ranges = cursor.ranges.into_iter().filter_map(in_log).collect();
    Ok(cursor)
}

fn time_ms(position: Position) -> Option<i64> {
    match position {
        Position::Time(time) => Some(time.as_millis()),
        _ => None,
    }
}
