use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use contract::{
    Problem,
    cluster::{NewTopic, TopicDescription, TopicView},
};
use service::{
    ApiResult, Audit,
    extract::{Json, Path},
};

use crate::{
    app::App,
    kafka::{ask, check_user_topic},
};

/// All topics, with the offsets of each partition, and how fast, how large and how lasting they are.
#[utoipa::path(get, path = "/topics", tag = "cluster", responses(
    (status = 200, body = [TopicView]), (status = 503, description = "Kafka is away", body = Problem),
))]
pub(crate) async fn list(State(app): State<Arc<App>>) -> ApiResult<Json<Arc<Vec<TopicView>>>> {
    ask(&app, app.cluster.topics.get()).await.map(Json)
}

/// One topic, with its configuration.
#[utoipa::path(get, path = "/topics/{name}", tag = "cluster",
    params(("name" = String, Path, description = "Topic")),
    responses(
        (status = 200, body = TopicDescription),
        (status = 404, description = "No such topic", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn describe(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> ApiResult<Json<TopicDescription>> {
    let describe = async {
        let mut described = app.admin.describe_topic(&name).await?;
        app.cluster.complete(&mut described.topic).await;
        Ok(described)
    };
    ask(&app, describe).await.map(Json)
}

/// Makes a topic. What is not said is the broker's default.
#[utoipa::path(post, path = "/topics", tag = "cluster", request_body = NewTopic, responses(
    (status = 201, description = "Made; `Location` is where it is described", body = NewTopic),
    (status = 400, description = "A name or a setting that the broker does not take", body = Problem),
    (status = 403, description = "The name is for internal topics", body = Problem),
    (status = 409, description = "It exists already", body = Problem),
    (status = 503, description = "Kafka is away", body = Problem),
))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    audit: Audit,
    Json(new): Json<NewTopic>,
) -> ApiResult<impl IntoResponse> {
    audit.change("create topic", &new.name);
    check_user_topic(&new.name)?;
    ask(&app, app.admin.create_topic(&new)).await?;
    see_change(&app).await;
    let location = [(header::LOCATION, format!("/topics/{}", new.name))];
    Ok((StatusCode::CREATED, location, Json(new)))
}

/// Deletes a topic with all its records.
#[utoipa::path(delete, path = "/topics/{name}", tag = "cluster",
    params(("name" = String, Path, description = "Topic")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 403, description = "An internal topic", body = Problem),
        (status = 404, description = "No such topic", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    audit: Audit,
    Path(name): Path<String>,
) -> ApiResult<StatusCode> {
    audit.change("delete topic", &name);
    check_user_topic(&name)?;
    ask(&app, app.admin.delete_topic(&name)).await?;
    see_change(&app).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever looks at the list after a change is to see it.
async fn see_change(app: &App) {
    if let Err(problem) = ask(app, app.cluster.topics.get_anew()).await {
        tracing::debug!(kind = problem.problem.kind, "the list of topics is old");
    }
}
