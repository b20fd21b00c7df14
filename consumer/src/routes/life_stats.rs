use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::extract::{RawQuery, State};
use contract::{Problem, Timestamp, status::LifeStats};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Query},
};
use utoipa::IntoParams;

use super::parse_time;
use crate::{app::App, store::StatsQuery};

/// The time that is looked at when the caller does not say.
const TIME_DEFAULT: Duration = Duration::from_secs(3600);
const BUCKETS_DEFAULT: usize = 60;
const BUCKETS_MAX: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct LifeStatsQuery {
    /// Messages streamed from this time on: RFC 3339 in UTC, or milliseconds since 1970 [default: an hour before `until`]
    since: Option<String>,
    /// Messages streamed before this time, in the same form [default: now]
    until: Option<String>,
    /// Only messages of this topic
    topic: Option<String>,
    /// Parts into which the time is divided, 500 at most [default: 60]
    buckets: Option<usize>,
}

/// The messages that were streamed between two times in numbers: how many reached each stage when, and how long the steps
/// took. An answer may be two seconds old.
#[utoipa::path(get, path = "/lives/stats", tag = "status", params(LifeStatsQuery), responses(
    (status = 200, body = LifeStats),
    (status = 400, description = "A parameter is not valid", body = Problem),
))]
pub(crate) async fn life_stats(
    State(app): State<Arc<App>>,
    RawQuery(asked): RawQuery,
    Query(query): Query<LifeStatsQuery>,
) -> ApiResult<Json<Arc<LifeStats>>> {
    let query = query.read(SystemTime::now())?;
    let stats = app.stats.get(asked.unwrap_or_default(), query).await?;
    Ok(Json(stats))
}

impl LifeStatsQuery {
    fn read(self, now: SystemTime) -> ApiResult<StatsQuery> {
        let until = match self.until {
            Some(until) => parse_time(&until)?,
            None => Timestamp::from(now),
        };
        let since = match self.since {
            Some(since) => parse_time(&since)?,
            None => {
                let micros = i64::try_from(TIME_DEFAULT.as_micros()).unwrap_or(i64::MAX);
                Timestamp::from_micros(until.as_micros().saturating_sub(micros))
            }
        };
        if since >= until {
            return Err(ApiProblem::bad_request(
                "invalid-time",
                "There is no time between",
                "Give a `since` that lies before `until`, or before now.",
            ));
        }
        let buckets = self.buckets.unwrap_or(BUCKETS_DEFAULT);
        if !(1..=BUCKETS_MAX).contains(&buckets) {
            return Err(ApiProblem::bad_request(
                "invalid-buckets",
                "The number of buckets is not valid",
                format!("Give `buckets` from 1 to {BUCKETS_MAX}."),
            ));
        }
        Ok(StatsQuery {
            since,
            until,
            topic: self.topic,
            buckets,
        })
    }
}
