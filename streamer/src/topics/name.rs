//! Which topic names there can be: Apache Kafka's rules.

use kafka_protocol::ResponseError;

use crate::refusal::Refusal;

const MAX_LENGTH: usize = 249;

pub(crate) fn validate(name: &str) -> Result<(), Refusal> {
    let refuse = |reason: &str| {
        let message = format!("Topic name is invalid: {reason}");
        Err(Refusal::new(ResponseError::InvalidTopicException, message))
    };
    if name.is_empty() {
        return refuse("the empty string is not allowed");
    }
    if name == "." || name == ".." {
        return refuse("'.' or '..' is not allowed");
    }
    if name.len() > MAX_LENGTH {
        return refuse("the length is more than 249 characters");
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !name.bytes().all(legal) {
        return refuse(
            "it contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
        );
    }
    Ok(())
}

/// Metric names cannot tell '.' from '_', so topics that differ in nothing else collide.
pub(crate) fn collides(name: &str, other: &str) -> bool {
    name != other && name.replace('.', "_") == other.replace('.', "_")
}

/// Topics that belong to a broker rather than to its users.
pub(crate) fn is_internal(name: &str) -> bool {
    matches!(name, "__consumer_offsets" | "__transaction_state")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rules() {
        for good in ["a", "seer-statement", "a.b_c-9", &"x".repeat(249)] {
            assert_eq!(validate(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "ä", "a b", &"x".repeat(250)] {
            assert!(validate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dots_and_underscores_collide() {
        assert!(collides("a.b", "a_b"));
        assert!(!collides("a.b", "a.b"));
        assert!(!collides("a.b", "a-b"));
    }
}
