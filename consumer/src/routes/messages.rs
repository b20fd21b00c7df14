use std::sync::Arc;

use axum::extract::State;
use contract::{
    Problem,
    record::{RecordNeighbours, RecordView},
};
use service::{
    ApiResult,
    extract::{Json, Path},
};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    app::App,
    kafka::{TIMEOUT, ask},
    sse,
};

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
    let _room = reading_room(&app).await?;
    ask(&app, app.admin.record(&topic, partition, offset))
        .await
        .map(Json)
}

/// Where to go from the record at one place: to those before and after it in its partition, and with the same key.
#[utoipa::path(get, path = "/messages/{topic}/{partition}/{offset}/neighbours", tag = "records",
    params(
        ("topic" = String, Path, description = "Topic"),
        ("partition" = i32, Path, description = "Partition"),
        ("offset" = i64, Path, description = "Offset"),
    ),
    responses(
        (status = 200, body = RecordNeighbours),
        (status = 400, description = "Not a place of a log", body = Problem),
        (status = 404, description = "No record is there", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn neighbours(
    State(app): State<Arc<App>>,
    Path((topic, partition, offset)): Path<(String, i32, i64)>,
) -> ApiResult<Json<RecordNeighbours>> {
    let _room = reading_room(&app).await?;
    let record = ask(&app, app.admin.record(&topic, partition, offset)).await?;
    let beside = app.admin.records_beside(&topic, partition, offset);
    let (previous, next) = ask(&app, beside).await?;
    let (previous_with_key, next_with_key) = app.store.with_same_key(record.id).await?;
    Ok(Json(RecordNeighbours {
        previous: previous.map(|record| record.place()),
        next: next.map(|record| record.place()),
        previous_with_key,
        next_with_key,
    }))
}

/// Each reader has its own connection for a moment, like those of old records.
pub(super) async fn reading_room(app: &App) -> ApiResult<OwnedSemaphorePermit> {
    app.require_kafka()?;
    let room = Arc::clone(&app.history).acquire_owned();
    match tokio::time::timeout(TIMEOUT, room).await {
        Ok(Ok(room)) => Ok(room),
        _ => Err(sse::too_many()),
    }
}
