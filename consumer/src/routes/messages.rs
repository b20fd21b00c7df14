use std::sync::Arc;

use axum::extract::State;
use contract::{Problem, record::RecordView};
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

/// Each reader has its own connection for a moment, like those of old records.
async fn reading_room(app: &App) -> ApiResult<OwnedSemaphorePermit> {
    app.require_kafka()?;
    let room = Arc::clone(&app.history).acquire_owned();
    match tokio::time::timeout(TIMEOUT, room).await {
        Ok(Ok(room)) => Ok(room),
        _ => Err(sse::too_many()),
    }
}
