// utoipa's macros name the query types by paths of their own.
#![allow(unused_qualifications)]

use std::sync::Arc;

use bus::TopicSelection;
use contract::topic;
use service::{ApiProblem, ApiResult};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

mod cluster;
mod consume;
mod events;
mod lives;
mod status;

/// The consumer's whole HTTP surface.
pub(crate) fn all(app: Arc<App>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(status::summary))
        .routes(routes!(status::life))
        .routes(routes!(lives::lives))
        .routes(routes!(events::of_message))
        .routes(routes!(events::of_all))
        .routes(routes!(consume::consume))
        .routes(routes!(cluster::message))
        .routes(routes!(cluster::topics))
        .routes(routes!(cluster::groups))
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
        topic::validate(name).map_err(|error| {
            ApiProblem::bad_request(
                "invalid-topic",
                "The topic name is not valid",
                error.to_string(),
            )
        })?;
    }
    Ok(if names.is_empty() {
        TopicSelection::UsersAnd(Vec::new())
    } else {
        TopicSelection::Named(names)
    })
}
