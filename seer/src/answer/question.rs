//! What is asked, checked.

use contract::{
    Timestamp,
    seer::{AskRequest, QUESTION_BYTES_MAX, TOP_K_DEFAULT, TOP_K_MAX},
    topic,
};
use service::{ApiProblem, ApiResult};

use crate::store::Filter;

/// The longest name of a conversation, in bytes.
const CONVERSATION_BYTES_MAX: usize = 128;
/// The most topics that one question may be narrowed to.
const TOPICS_MAX: usize = 100;

/// A question that can be answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) filter: Filter,
    pub(crate) top_k: usize,
    pub(crate) conversation: Option<String>,
}

impl Question {
    pub(crate) fn parse(request: AskRequest) -> ApiResult<Self> {
        let text = request.question.trim();
        if text.is_empty() {
            return Err(ApiProblem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "empty-question",
                "The question is empty",
                "Send the question as the body, as `?q=`, or as `question` in JSON.",
            ));
        }
        if text.len() > QUESTION_BYTES_MAX {
            return Err(too_long());
        }
        let top_k = request.top_k.unwrap_or(TOP_K_DEFAULT);
        if !(1..=TOP_K_MAX).contains(&top_k) {
            return Err(ApiProblem::bad_request(
                "invalid-top-k",
                "The number of messages is not valid",
                format!("Give `top_k` from 1 to {TOP_K_MAX}."),
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            filter: Filter {
                topics: parse_topics(request.topics)?,
                since_ms: parse_time("since", request.since.as_deref())?,
                until_ms: parse_time("until", request.until.as_deref())?,
            },
            top_k,
            conversation: parse_conversation(request.conversation)?,
        })
    }
}

fn too_long() -> ApiProblem {
    ApiProblem::new(
        axum::http::StatusCode::PAYLOAD_TOO_LARGE,
        "question-too-long",
        "The question is too long",
        format!("Ask in at most {QUESTION_BYTES_MAX} bytes; teach what is longer."),
    )
}

fn parse_topics(topics: Vec<String>) -> ApiResult<Vec<String>> {
    if topics.len() > TOPICS_MAX {
        return Err(ApiProblem::bad_request(
            "too-many-topics",
            "Too many topics",
            format!("Name {TOPICS_MAX} topics at most, or none for all."),
        ));
    }
    for name in &topics {
        topic::validate(name).map_err(|error| {
            ApiProblem::bad_request(
                "invalid-topic",
                "The topic name is not valid",
                error.to_string(),
            )
        })?;
    }
    Ok(topics)
}

/// RFC 3339, or milliseconds since 1970-01-01T00:00:00Z.
fn parse_time(name: &str, text: Option<&str>) -> ApiResult<Option<i64>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let millis = text.parse().ok();
    millis.or_else(|| rfc3339_millis(text)).map(Some).ok_or_else(|| {
        ApiProblem::bad_request(
            "invalid-time",
            "The time is not valid",
            format!(
                "Give `{name}` as RFC 3339, such as 2026-01-31T09:30:00Z, or in milliseconds since 1970."
            ),
        )
    })
}

fn rfc3339_millis(text: &str) -> Option<i64> {
    // `Timestamp` reads UTC only.
    let zone = text
        .len()
        .checked_sub(6)
        .and_then(|at| text.split_at_checked(at));
    if let Some((time, zone)) = zone
        && let Some((hours, minutes)) = zone[1..].split_once(':')
        && let Ok(local) = format!("{time}Z").parse::<Timestamp>()
    {
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let offset_ms = (hours * 60 + minutes) * 60_000;
        return match &zone[..1] {
            "+" => Some(local.as_millis() - offset_ms),
            "-" => Some(local.as_millis() + offset_ms),
            _ => None,
        };
    }
    text.parse().ok().map(Timestamp::as_millis)
}

fn parse_conversation(conversation: Option<String>) -> ApiResult<Option<String>> {
    let Some(name) = conversation.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if name.len() > CONVERSATION_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(ApiProblem::bad_request(
            "invalid-conversation",
            "The conversation's id is not valid",
            format!(
                "Give the `conversation` of an earlier answer, or up to {CONVERSATION_BYTES_MAX} bytes of your own."
            ),
        ));
    }
    Ok(Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(question: &str) -> AskRequest {
        AskRequest {
            question: question.to_owned(),
            ..AskRequest::default()
        }
    }

    fn status(request: AskRequest) -> u16 {
        Question::parse(request).unwrap_err().problem.status
    }

    #[test]
    fn what_cannot_be_asked() {
        assert_eq!(status(request(" \n")), 422);
        assert_eq!(status(request(&"a".repeat(QUESTION_BYTES_MAX + 1))), 413);
        let ok = request("why?");
        for bad in [
            AskRequest {
                top_k: Some(0),
                ..ok.clone()
            },
            AskRequest {
                top_k: Some(101),
                ..ok.clone()
            },
            AskRequest {
                since: Some("yesterday".to_owned()),
                ..ok.clone()
            },
            AskRequest {
                until: Some("2026-13-01T00:00:00Z".to_owned()),
                ..ok.clone()
            },
            AskRequest {
                topics: vec!["a b".to_owned()],
                ..ok.clone()
            },
            AskRequest {
                topics: vec!["a".to_owned(); 101],
                ..ok.clone()
            },
            AskRequest {
                conversation: Some("x".repeat(129)),
                ..ok.clone()
            },
        ] {
            assert_eq!(status(bad.clone()), 400, "{bad:?}");
        }
    }

    #[test]
    fn times_in_both_forms() {
        let question = Question::parse(AskRequest {
            since: Some("1970-01-01T00:00:01Z".to_owned()),
            until: Some("2000".to_owned()),
            ..request(" why? ")
        })
        .unwrap();
        assert_eq!(rfc3339_millis("1970-01-01T02:00:01+02:00"), Some(1000));
        assert_eq!(rfc3339_millis("1969-12-31T23:30:01-00:30"), None);
        assert_eq!(rfc3339_millis("+02:00"), None);
        assert_eq!(question.text, "why?");
        assert_eq!(question.filter.since_ms, Some(1000));
        assert_eq!(question.filter.until_ms, Some(2000));
        assert_eq!(question.top_k, TOP_K_DEFAULT);
    }
}
