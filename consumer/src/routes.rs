// utoipa's macros name the query types by paths of their own.
#![allow(unused_qualifications)]

use std::sync::Arc;

use bus::TopicSelection;
use contract::{Position, Timestamp, record::ConsumeProgress, topic};
use service::{ApiProblem, ApiResult};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, kafka::invalid_topic};

mod consume;
mod events;
mod groups;
mod life_stats;
mod lives;
mod messages;
mod page;
mod status;
mod topics;

/// What events tell beside what is named as the body of their stream.
#[derive(OpenApi)]
#[openapi(components(schemas(ConsumeProgress)))]
struct Told;

/// The consumer's whole HTTP surface.
pub(crate) fn all(app: Arc<App>) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Told::openapi())
        .routes(routes!(status::summary))
        .routes(routes!(status::life))
        .routes(routes!(lives::lives))
        .routes(routes!(life_stats::life_stats))
        .routes(routes!(events::of_message))
        .routes(routes!(events::of_all))
        .routes(routes!(consume::consume))
        .routes(routes!(page::page))
        .routes(routes!(messages::message))
        .routes(routes!(messages::neighbours))
        .routes(routes!(topics::list, topics::create))
        .routes(routes!(topics::describe, topics::delete))
        .routes(routes!(groups::list))
        .routes(routes!(groups::describe, groups::delete))
        .routes(routes!(groups::reset))
        .with_state(app)
}

/// A list separated by commas; an empty one stands for all topics of users.
fn parse_topics(text: &str) -> ApiResult<TopicSelection> {
    let names: Vec<String> = text
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    for name in &names {
        topic::validate(name).map_err(|error| invalid_topic(&error))?;
    }
    Ok(if names.is_empty() {
        TopicSelection::UsersAnd(Vec::new())
    } else {
        TopicSelection::Named(names)
    })
}

/// A place in the log, given as `parameter`.
fn parse_position(parameter: &str, text: &str) -> ApiResult<Position> {
    text.parse().map_err(|error| {
        ApiProblem::bad_request(
            &format!("invalid-{parameter}"),
            "The place in the log is not valid",
            format!("`{parameter}`: {error}."),
        )
    })
}

fn parse_time(text: &str) -> ApiResult<Timestamp> {
    if let Ok(millis) = text.parse() {
        return Ok(Timestamp::from_millis(millis));
    }
    text.parse().map_err(|_| {
        ApiProblem::bad_request(
            "invalid-time",
            "The time is not valid",
            "Give `since` and `until` as 2026-01-31T09:30:00Z, or as milliseconds since 1970.",
        )
    })
}
