//! `Kafkloud-Header`: what a caller wants to stand in the record's headers.

use axum::http::{HeaderMap, HeaderValue};
use contract::header;
use service::{ApiProblem, ApiResult};

use crate::target::decode;

/// A name and a value, for each `Kafkloud-Header: name=value` of a request. Both are percent-encoded, so they can be anything; names
/// may repeat.
pub(crate) fn headers_of(headers: &HeaderMap) -> ApiResult<Vec<(String, Vec<u8>)>> {
    headers.get_all(header::GIVEN).iter().map(read).collect()
}

fn read(header: &HeaderValue) -> ApiResult<(String, Vec<u8>)> {
    let text = std::str::from_utf8(header.as_bytes()).ok();
    let (name, value) = text.and_then(|text| text.split_once('=')).ok_or_else(|| {
        invalid("Write it as name=value; what is neither a letter nor a digit percent-encoded.")
    })?;
    let name = String::from_utf8(decode(name.trim())?);
    let name = name.map_err(|_| invalid("Its name is to be UTF-8."))?;
    // Kafka's own library takes names that end with a zero.
    if name.is_empty() || name.contains('\0') {
        return Err(invalid(
            "Its name is to be one character at least, none of them zero.",
        ));
    }
    if header::is_own(&name) {
        return Err(invalid(&format!(
            "Kafkloud writes “{name}” itself: choose another name."
        )));
    }
    Ok((name, decode(value.trim())?))
}

fn invalid(detail: &str) -> ApiProblem {
    ApiProblem::bad_request("invalid-header", "A Kafkloud-Header is not valid", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> ApiResult<Vec<(String, Vec<u8>)>> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(header::GIVEN, value);
        }
        headers_of(&headers)
    }

    #[test]
    fn headers_can_be_anything() {
        let given = of(&["Source=web shop", "a%3Db=%00%ff", "Source=", "ü=ü"]).unwrap();
        let expected = [
            ("Source", b"web shop".as_slice()),
            ("a=b", b"\0\xff"),
            ("Source", b""),
            ("ü", "ü".as_bytes()),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_vec()));
        assert_eq!(given, expected);
        assert!(of(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_or_means_something_else_is_refused() {
        for value in [
            "x",
            "=x",
            "a%00=x",
            "%ff=x",
            "a=%g0",
            "kafkloud-id=x",
            "traceparent=x",
            "content-type=x",
        ] {
            assert_eq!(of(&[value]).unwrap_err().problem.status, 400, "{value}");
        }
    }
}
