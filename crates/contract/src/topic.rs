//! Topic names: the ones Kafkloud gives a meaning, and Kafka's rule for all others.

use thiserror::Error;

/// Where a message goes when the caller names no topic.
pub const DEFAULT: &str = "stream";
/// What happened to messages, keyed by message id. See [`crate::LifecycleEvent`].
pub const LIFECYCLE: &str = "kafkloud-lifecycle";
/// Messages that could not be processed, with origin and error.
pub const DEAD_LETTER: &str = "kafkloud-dead-letter";
/// Statements that the seer learns.
pub const SEER_STATEMENT: &str = "seer-statement";
/// Questions that the seer answers on [`SEER_ANSWER`].
pub const SEER_QUESTION: &str = "seer-question";
/// The seer's answers, keyed by the question's message id.
pub const SEER_ANSWER: &str = "seer-answer";

/// Kafka's limit, in characters (`org.apache.kafka.common.internals.Topic.MAX_NAME_LENGTH`).
pub const NAME_LENGTH_MAX: usize = 249;

/// Why a name cannot be a topic's. The text says what to do.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum TopicNameError {
    #[error("a topic name cannot be empty: give at least one character")]
    Empty,
    #[error("a topic name has at most {NAME_LENGTH_MAX} characters: shorten it")]
    TooLong,
    #[error("a topic cannot be named “.” or “..”: choose another name")]
    Dots,
    #[error("a topic name holds only letters, digits, “.”, “_” and “-”: replace {0:?}")]
    Character(char),
    #[error(
        "topic names that begin with “kafkloud-” or “__” are internal: choose another name to produce to"
    )]
    Internal,
}

/// Checks a name by Kafka's own rule.
pub fn validate(name: &str) -> Result<(), TopicNameError> {
    if name.is_empty() {
        return Err(TopicNameError::Empty);
    }
    if name == "." || name == ".." {
        return Err(TopicNameError::Dots);
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if let Some(c) = name.chars().find(|&c| !legal(c)) {
        return Err(TopicNameError::Character(c));
    }
    if name.len() > NAME_LENGTH_MAX {
        return Err(TopicNameError::TooLong);
    }
    Ok(())
}

/// Checks that users may write to a topic: a legal name that is not internal.
pub fn validate_user(name: &str) -> Result<(), TopicNameError> {
    validate(name)?;
    if is_internal(name) {
        return Err(TopicNameError::Internal);
    }
    Ok(())
}

/// Whether a topic belongs to Kafkloud or to Kafka itself and is hidden from users.
pub fn is_internal(name: &str) -> bool {
    name.starts_with("kafkloud-") || name.starts_with("__")
}

/// Whether a seer learns from a topic of users. A question would be found as its own best answer, and an answer as another's.
pub fn is_learned(name: &str) -> bool {
    !matches!(name, SEER_QUESTION | SEER_ANSWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafka_rule_for_names() {
        assert_eq!(validate("orders.v1_eu-west"), Ok(()));
        assert_eq!(validate(&"a".repeat(249)), Ok(()));
        assert_eq!(validate(""), Err(TopicNameError::Empty));
        assert_eq!(validate(".."), Err(TopicNameError::Dots));
        assert_eq!(validate(&"a".repeat(250)), Err(TopicNameError::TooLong));
        assert_eq!(validate("a b"), Err(TopicNameError::Character(' ')));
        assert_eq!(validate("größe"), Err(TopicNameError::Character('ö')));
    }

    #[test]
    fn users_keep_out_of_internal_topics() {
        assert_eq!(validate_user(SEER_STATEMENT), Ok(()));
        assert_eq!(validate_user(LIFECYCLE), Err(TopicNameError::Internal));
        assert_eq!(
            validate_user("__consumer_offsets"),
            Err(TopicNameError::Internal)
        );
    }
}
