//! Questions and changes to Kafka on behalf of a caller: in a bounded time, with problems that say what to do.

use std::time::Duration;

use axum::http::StatusCode;
use bus::AdminError;
use contract::topic;
use service::{ApiProblem, ApiResult};

use crate::app::{App, kafka_away};

/// How long an answer may take; each question to Kafka has a shorter limit of its own.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// The client id of the seer, which has a way of its own to begin anew.
const SEER: &str = "kafkloud-seer";

pub(crate) async fn ask<T>(
    app: &App,
    question: impl Future<Output = Result<T, AdminError>>,
) -> ApiResult<T> {
    app.require_kafka()?;
    match tokio::time::timeout(TIMEOUT, question).await {
        Ok(answer) => answer.map_err(|error| problem(&error)),
        Err(_) => Err(kafka_away()),
    }
}

pub(crate) fn problem(error: &AdminError) -> ApiProblem {
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
        AdminError::UnknownGroup(_) => {
            ApiProblem::not_found("unknown-group", "There is no such consumer group", detail)
        }
        AdminError::TopicExists(_) => conflict("topic-exists", "The topic exists already", detail),
        AdminError::GroupInUse { members, .. } => conflict(
            "group-in-use",
            "The consumer group has members",
            format!("{detail}. {}", advice(members)),
        ),
        AdminError::NothingCommitted(_) => {
            conflict("nothing-committed", "There is nothing to move", detail)
        }
        AdminError::Invalid(_) => {
            ApiProblem::bad_request("not-possible", "The broker does not take this", detail)
        }
        AdminError::Unavailable(_) | AdminError::Barred(_) => {
            tracing::debug!(detail, "Kafka did not answer");
            kafka_away()
        }
        AdminError::Refused(_) => ApiProblem::new(
            StatusCode::BAD_GATEWAY,
            "kafka-refused",
            "Kafka refused the request",
            detail,
        ),
    }
}

/// What to do about a group that is in use by `members`.
fn advice(members: &str) -> &'static str {
    if members.contains(SEER) {
        "Stop the seer first; or let it learn everything anew while it runs: `POST /reindex` of the seer, `kafkloud reindex`."
    } else {
        "Stop them first: they go on from where they are, and commit it."
    }
}

fn conflict(kind: &str, title: &str, detail: String) -> ApiProblem {
    ApiProblem::new(StatusCode::CONFLICT, kind, title, detail)
}

/// Topics of users only: what Kafkloud and Kafka keep for themselves is not for callers to change.
pub(crate) fn check_user_topic(name: &str) -> ApiResult<()> {
    topic::validate(name).map_err(|error| invalid_topic(&error))?;
    if topic::is_internal(name) {
        return Err(ApiProblem::new(
            StatusCode::FORBIDDEN,
            "internal-topic",
            "The topic is internal",
            format!(
                "“{name}” belongs to Kafkloud or to Kafka itself, which would miss it; other tools can delete it if need be."
            ),
        ));
    }
    Ok(())
}

pub(crate) fn invalid_topic(error: &topic::TopicNameError) -> ApiProblem {
    let detail = error.to_string();
    ApiProblem::bad_request("invalid-topic", "The topic name is not valid", detail)
}
