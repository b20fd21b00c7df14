use std::{sync::Arc, time::Duration};

use axum::extract::State;
use contract::{
    MessageId, Problem, Stage,
    status::{MessageLife, StatusSummary},
};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Path, Query},
};
use tokio::time::{Instant, timeout_at};
use utoipa::IntoParams;

use crate::app::App;

/// Longest wait for a message; a client that wants more asks again.
const WAIT_MAX: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct LifeQuery {
    /// Seconds to wait until the message has reached `stage`, 60 at most. An id that is not known yet is waited for too
    #[serde(default)]
    wait: f64,
    /// The stage to wait for [default: consumed]
    #[serde(default = "consumed")]
    stage: Stage,
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct StageQuery {
    /// The stage at which the stream ends [default: consumed]
    #[serde(default = "consumed")]
    pub(crate) stage: Stage,
}

fn consumed() -> Stage {
    Stage::Consumed
}

/// The whole stream in numbers.
#[utoipa::path(get, path = "/status", tag = "status", responses((status = 200, body = StatusSummary)))]
pub(crate) async fn summary(State(app): State<Arc<App>>) -> Json<StatusSummary> {
    Json(app.summary().await)
}

/// The life of one message so far. After a wait it may still be short of the stage: look at `stage`.
#[utoipa::path(get, path = "/status/{id}", tag = "status",
    params(("id" = String, Path, description = "Message id"), LifeQuery),
    responses(
        (status = 200, body = MessageLife),
        (status = 400, description = "Not an id, or not a stage", body = Problem),
        (status = 404, description = "No message with this id was seen, or it was long ago", body = Problem),
    ))]
pub(crate) async fn life(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LifeQuery>,
) -> ApiResult<Json<MessageLife>> {
    let id = parse_id(&id)?;
    let wait = Duration::try_from_secs_f64(query.wait)
        .map_err(|_| invalid_wait())?
        .min(WAIT_MAX);
    let deadline = Instant::now() + wait;
    // Before the look into the store, so that no change falls between.
    let mut watch = app.lives.watch(id);
    let mut life = app.store.lives(vec![id]).await?.pop();
    while !life
        .as_ref()
        .is_some_and(|life| life.has_reached(query.stage))
    {
        tokio::select! {
            () = app.stop.cancelled() => break,
            changed = timeout_at(deadline, watch.changed()) => match changed {
                Ok(changed) => life = Some(MessageLife::clone(&changed)),
                Err(_) => break,
            },
        }
    }
    life.map(Json).ok_or_else(|| unknown_message(id))
}

pub(crate) fn parse_id(text: &str) -> ApiResult<MessageId> {
    text.parse().map_err(|_| {
        ApiProblem::bad_request(
            "invalid-id",
            "This is no message id",
            "A message id is a UUID, as the `id` of a receipt.",
        )
    })
}

fn invalid_wait() -> ApiProblem {
    ApiProblem::bad_request(
        "invalid-wait",
        "The wait is not valid",
        "Give `wait` in seconds, such as 5 or 0.5.",
    )
}

fn unknown_message(id: MessageId) -> ApiProblem {
    ApiProblem::not_found(
        "unknown-message",
        "No such message was seen",
        format!(
            "{id} was not consumed yet, or so long ago that its status was cleared. `?wait=5` waits for it."
        ),
    )
}
