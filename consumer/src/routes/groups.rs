use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use contract::{
    Problem,
    cluster::{GroupView, OffsetReset, OffsetResetOutcome},
};
use service::{
    ApiProblem, ApiResult, Audit,
    extract::{Json, Path},
};

use crate::{app::App, kafka::ask};

/// All consumer groups, with what they have yet to read.
#[utoipa::path(get, path = "/groups", tag = "cluster", responses(
    (status = 200, body = [GroupView]), (status = 503, description = "Kafka is away", body = Problem),
))]
pub(crate) async fn list(State(app): State<Arc<App>>) -> ApiResult<Json<Arc<Vec<GroupView>>>> {
    ask(&app, app.cluster.groups.get()).await.map(Json)
}

/// One consumer group, with the partitions that each member reads.
#[utoipa::path(get, path = "/groups/{group}", tag = "cluster",
    params(("group" = String, Path, description = "Consumer group")),
    responses(
        (status = 200, body = GroupView),
        (status = 404, description = "No such group", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn describe(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> ApiResult<Json<GroupView>> {
    let describe = async {
        let mut group = app.admin.group(&name).await?;
        if let Ok(groups) = app.cluster.groups.get().await {
            let known = groups.iter().find(|known| known.group == name);
            group.rate = known.and_then(|known| known.rate);
        }
        Ok(group)
    };
    ask(&app, describe).await.map(Json)
}

/// Moves the offsets that a group without members has committed, or tells what would move.
#[utoipa::path(post, path = "/groups/{group}/offsets", tag = "cluster",
    params(("group" = String, Path, description = "Consumer group")),
    request_body = OffsetReset,
    responses(
        (status = 200, description = "For each partition the offset before and after", body = OffsetResetOutcome),
        (status = 404, description = "No such group, topic or partition", body = Problem),
        (status = 409, description = "The group has members, or has committed nothing and no topic is named", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn reset(
    State(app): State<Arc<App>>,
    audit: Audit,
    Path(name): Path<String>,
    Json(reset): Json<OffsetReset>,
) -> ApiResult<Json<OffsetResetOutcome>> {
    let dry_run = reset.dry_run;
    if dry_run {
        audit.none();
    } else {
        audit.change(format!("reset offsets to {}", reset.to), &name);
    }
    check_not_own(&app, &name)?;
    let moved = ask(&app, app.admin.reset_offsets(&name, reset)).await?;
    if !dry_run {
        see_change(&app).await;
    }
    Ok(Json(moved))
}

/// Deletes a group without members, and the offsets it has committed.
#[utoipa::path(delete, path = "/groups/{group}", tag = "cluster",
    params(("group" = String, Path, description = "Consumer group")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such group", body = Problem),
        (status = 409, description = "The group has members", body = Problem),
        (status = 503, description = "Kafka is away", body = Problem),
    ))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    audit: Audit,
    Path(name): Path<String>,
) -> ApiResult<StatusCode> {
    audit.change("delete group", &name);
    check_not_own(&app, &name)?;
    ask(&app, app.admin.delete_group(&name)).await?;
    see_change(&app).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The positions of this service stand in its store, with what they have led to: moving the group's would move nothing.
fn check_not_own(app: &App, group: &str) -> ApiResult<()> {
    if group != app.group {
        return Ok(());
    }
    Err(ApiProblem::new(
        StatusCode::CONFLICT,
        "own-group",
        "This is the consumer's own group",
        "The consumer goes on from the positions in its status store, whatever the group has committed, so that each \
         message counts once. To read everything anew, stop it and delete its folder (--data-dir): the status is then \
         built from Kafka again.",
    ))
}

/// Whoever looks at the list after a change is to see it.
async fn see_change(app: &App) {
    if let Err(problem) = ask(app, app.cluster.groups.get_anew()).await {
        tracing::debug!(kind = problem.problem.kind, "the list of groups is old");
    }
}
