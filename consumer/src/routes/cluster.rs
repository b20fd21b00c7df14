use std::{sync::Arc, time::Duration};

use axum::{extract::State, http::StatusCode};
use bus::AdminError;
use contract::{
    Problem,
    cluster::{GroupView, TopicView},
    record::RecordView,
};
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Path},
};

use crate::app::{App, kafka_away};

/// How long an answer may take; each question to Kafka has a shorter limit of its own.
const TIMEOUT: Duration = Duration::from_secs(10);

/// All topics, with the offsets of each partition.
#[utoipa::path(get, path = "/topics", tag = "cluster", responses(
    (status = 200, body = [TopicView]), (status = 503, description = "Kafka is away", body = Problem),
))]
pub(crate) async fn topics(State(app): State<Arc<App>>) -> ApiResult<Json<Vec<TopicView>>> {
    ask(&app, app.admin.topics()).await
}

/// All consumer groups, with what they have yet to read.
#[utoipa::path(get, path = "/groups", tag = "cluster", responses(
    (status = 200, body = [GroupView]), (status = 503, description = "Kafka is away", body = Problem),
))]
pub(crate) async fn groups(State(app): State<Arc<App>>) -> ApiResult<Json<Vec<GroupView>>> {
    ask(&app, app.admin.groups()).await
}

/// The record at one place of the log.
#[utoipa::path(get, path = "/messages/{topic}/{partition}/{offset}", tag = "records",
    params(
        ("topic" = String, Path, description = "Topic"),
        ("partition" = i32, Path, description = "Partition"),
        ("offset" = i64, Path, description = "Offset"),
    ),
    responses(
        (status = 200, body = RecordView),
        (status = 400, description = "Not a place of a log", body = Problem),
        (status = 404, description = "No record is there", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn message(
    State(app): State<Arc<App>>,
    Path((topic, partition, offset)): Path<(String, i32, i64)>,
) -> ApiResult<Json<RecordView>> {
    // Each reader has its own connection for a moment, like those of old records.
    let room = Arc::clone(&app.history).acquire_owned();
    let room = tokio::time::timeout(TIMEOUT, room).await;
    let Ok(Ok(_room)) = room else {
        return Err(kafka_away());
    };
    ask(&app, app.admin.record(&topic, partition, offset)).await
}

async fn ask<T>(
    app: &App,
    question: impl Future<Output = Result<T, AdminError>>,
) -> ApiResult<Json<T>> {
    app.require_kafka()?;
    match tokio::time::timeout(TIMEOUT, question).await {
        Ok(Ok(answer)) => Ok(Json(answer)),
        Ok(Err(error)) => Err(problem(&error)),
        Err(_) => Err(kafka_away()),
    }
}

fn problem(error: &AdminError) -> ApiProblem {
    let detail = error.to_string();
    match error {
        AdminError::UnknownTopic(_) => {
            ApiProblem::not_found("unknown-topic", "There is no such topic", detail)
        }
        AdminError::UnknownPartition { .. } => {
            ApiProblem::not_found("unknown-partition", "There is no such partition", detail)
        }
        AdminError::OutOfRange { .. } | AdminError::NoRecord => {
            ApiProblem::not_found("no-record", "No record is there", detail)
        }
        AdminError::Unavailable(reason) => {
            tracing::debug!(reason, "Kafka did not answer");
            kafka_away()
        }
        AdminError::UnknownGroup(_) => {
            ApiProblem::not_found("unknown-group", "There is no such consumer group", detail)
        }
        AdminError::TopicExists(_)
        | AdminError::GroupInUse { .. }
        | AdminError::NothingCommitted(_)
        | AdminError::Invalid(_)
        | AdminError::Refused(_) => ApiProblem::new(
            StatusCode::BAD_GATEWAY,
            "kafka-refused",
            "Kafka refused the request",
            detail,
        ),
    }
}
