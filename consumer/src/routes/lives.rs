use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::extract::State;
use contract::{Problem, Stage, Timestamp, status::LifeList};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Query},
};
use utoipa::IntoParams;

use super::{parse_time, status::parse_id};
use crate::{
    app::App,
    observation::KEY_BYTES_MAX,
    store::{LifeFilter, LifeSearch},
};

/// Messages of a page when the caller does not say.
const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;
/// How long a message may take, when the caller does not say, in seconds.
const STUCK_AFTER_DEFAULT: f64 = 60.0;

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct LivesQuery {
    /// Only messages of this topic
    topic: Option<String>,
    /// Only messages with exactly this key, of which 256 bytes count
    key: Option<String>,
    /// Only messages that have come just so far: this is their highest rung
    stage: Option<Stage>,
    /// Only messages streamed from this time on: RFC 3339 in UTC, or milliseconds since 1970
    since: Option<String>,
    /// Only messages streamed before this time, in the same form
    until: Option<String>,
    /// Only messages that should have come further: streamed more than `stuck_after` ago, and neither on the rung
    /// `reached` nor on a higher one. Questions and answers, which the seer does not learn, need only be consumed
    #[serde(default)]
    stuck: bool,
    /// Seconds after which a message counts as stuck [default: 60]
    stuck_after: Option<f64>,
    /// The rung that a message should have reached by then [default: indexed]
    reached: Option<Stage>,
    /// Only messages that are dead, or have an error on another rung
    #[serde(default)]
    failed: bool,
    /// Only messages with this in their key or error, in capital or small letters
    text: Option<String>,
    /// Messages of the answer, 100 at most [default: 20]
    limit: Option<usize>,
    /// Only messages that came before the one with this id: the last of the page before
    before: Option<String>,
}

/// Messages by what is known of them, the last ones first.
#[utoipa::path(get, path = "/lives", tag = "status", params(LivesQuery), responses(
    (status = 200, body = LifeList),
    (status = 400, description = "A parameter is not valid", body = Problem),
))]
pub(crate) async fn lives(
    State(app): State<Arc<App>>,
    Query(query): Query<LivesQuery>,
) -> ApiResult<Json<LifeList>> {
    let search = query.search(SystemTime::now())?;
    Ok(Json(app.store.search(search).await?))
}

impl LivesQuery {
    fn search(self, now: SystemTime) -> ApiResult<LifeSearch> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(ApiProblem::bad_request(
                "invalid-limit",
                "The limit is not valid",
                format!(
                    "Give `limit` from 1 to {LIMIT_MAX}, and get the rest with `before`, page by page."
                ),
            ));
        }
        let since = self.since.as_deref().map(parse_time).transpose()?;
        let mut until = self.until.as_deref().map(parse_time).transpose()?;
        let stuck = self.stuck || self.stuck_after.is_some() || self.reached.is_some();
        if stuck {
            let latest = self.streamed_before(now)?;
            until = Some(until.unwrap_or(latest).min(latest));
        }
        let key = self.key.map(|key| {
            let mut key = key.into_bytes();
            key.truncate(KEY_BYTES_MAX);
            key
        });
        Ok(LifeSearch {
            filter: LifeFilter {
                topic: self.topic,
                key,
                stage: self.stage,
                since,
                until,
                not_reached: stuck.then(|| self.reached.unwrap_or(Stage::Indexed)),
                failed: self.failed,
                text: self.text.filter(|text| !text.is_empty()),
            },
            before: self.before.as_deref().map(parse_id).transpose()?,
            limit,
        })
    }

    /// The time before which a message must have been streamed to count as stuck.
    fn streamed_before(&self, now: SystemTime) -> ApiResult<Timestamp> {
        let after_s = self.stuck_after.unwrap_or(STUCK_AFTER_DEFAULT);
        let after = Duration::try_from_secs_f64(after_s).map_err(|_| {
            ApiProblem::bad_request(
                "invalid-stuck-after",
                "The time after which messages are stuck is not valid",
                "Give `stuck_after` in seconds, such as 60 or 0.5.",
            )
        })?;
        let time = now.checked_sub(after).unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(time.into())
    }
}
