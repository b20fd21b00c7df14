//! Topic and key of a message, from the path of its request.

use contract::topic;
use service::{ApiProblem, ApiResult};

/// Where a message goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) topic: String,
    /// Any bytes: percent-encoding can say them all, `%2F` for a slash and `%00` included.
    pub(crate) key: Option<Vec<u8>>,
}

impl Target {
    /// `path` as it stands in the request, still encoded: `/produce`, `/produce/{topic}` or `/produce/{topic}/{key}`.
    pub(crate) fn of_path(path: &str) -> ApiResult<Self> {
        let mut segments = path.split('/').skip(2);
        let topic = match segments.next() {
            Some(segment) => String::from_utf8_lossy(&decode(segment)?).into_owned(),
            None => topic::DEFAULT.to_owned(),
        };
        topic::validate_user(&topic).map_err(|error| {
            ApiProblem::bad_request(
                "invalid-topic",
                "The topic name is not valid",
                error.to_string(),
            )
        })?;
        let key = segments.next().map(decode).transpose()?;
        Ok(Self { topic, key })
    }
}

/// Undoes percent-encoding.
pub(crate) fn decode(segment: &str) -> ApiResult<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        (rest, _) = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let byte = hex(*high).zip(hex(*low)).ok_or_else(invalid_escape)?;
                (tail, decoded.push(byte.0 << 4 | byte.1))
            }
            (b'%', _) => return Err(invalid_escape()),
            _ => (tail, decoded.push(*first)),
        };
    }
    Ok(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

fn invalid_escape() -> ApiProblem {
    ApiProblem::bad_request(
        "invalid-escape",
        "A % encodes nothing",
        "Write every byte that is not a letter, digit, “-”, “.”, “_” or “~” as % and two hexadecimal digits; a % itself is %25.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> Vec<u8> {
        Target::of_path(path).unwrap().key.unwrap()
    }

    #[test]
    fn keys_are_any_bytes() {
        assert_eq!(key("/produce/orders/42"), b"42");
        assert_eq!(key("/produce/orders/eu%2F42"), b"eu/42");
        assert_eq!(key("/produce/orders/%00%ff%C3%A4"), b"\x00\xff\xc3\xa4");
        assert_eq!(key("/produce/orders/a+b%20c"), b"a+b c");
        assert_eq!(key("/produce/orders/100%25"), b"100%");
    }

    #[test]
    fn topic_and_key_may_be_left_out() {
        let target = Target::of_path("/produce").unwrap();
        assert_eq!((target.topic.as_str(), target.key), ("stream", None));
        let target = Target::of_path("/produce/my%2Dorders").unwrap();
        assert_eq!((target.topic.as_str(), target.key), ("my-orders", None));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for path in [
            "/produce/a%20b",
            "/produce/%ff",
            "/produce/..",
            "/produce/kafkloud-lifecycle",
            "/produce/__consumer_offsets",
            "/produce/orders/100%",
            "/produce/orders/%g0",
            "/produce/orders/%+1",
        ] {
            let problem = Target::of_path(path).unwrap_err().problem;
            assert_eq!(problem.status, 400, "{path}");
        }
    }
}
