use serde::{Deserialize, Serialize};

/// An error as every service says it: `application/problem+json`, RFC 9457.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable name for programs, such as `urn:kafkloud:problem:invalid-topic`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same short sentence for every occurrence of this kind.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// What went wrong this time, and what to do about it.
    pub detail: String,
}

impl Problem {
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// `kind` is the last part of the URN: lower-case words joined by hyphens.
    pub fn new(status: u16, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:kafkloud:problem:{kind}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
        }
    }
}
