//! What is said to the caller of a message that Kafka did not acknowledge.

use axum::http::StatusCode;
use bus::PublishError;
use service::ApiProblem;

pub(crate) fn problem(error: PublishError, body_limit: usize) -> ApiProblem {
    match error {
        PublishError::QueueFull => ApiProblem::unavailable(
            "queue-full",
            "Too many messages wait for Kafka",
            "Send it again a little later.",
        ),
        PublishError::NotAcked => ApiProblem::unavailable(
            "kafka-away",
            "Kafka did not acknowledge the message",
            "Kafka is away or too slow; /readyz tells when it is back. The message may have been written all the same: \
             send it again with an Idempotency-Key to have it counted once.",
        ),
        PublishError::TooLarge => ApiProblem::too_large(body_limit),
        PublishError::UnknownTopic => ApiProblem::not_found(
            "unknown-topic",
            "There is no such topic",
            "Kafka does not create topics by itself here: create it first, for example with `kafkloud topics create`.",
        ),
        PublishError::Refused(code) => ApiProblem::new(
            StatusCode::BAD_GATEWAY,
            "kafka-refused",
            "Kafka refused the message",
            format!("Kafka says: {code}"),
        ),
    }
}
