//! Messages that are sent line by line, and what became of them.

use contract::Problem;
use serde::{Deserialize, Serialize};

/// How lines become messages: the form, and the query of `POST /api/stream/lines`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[serde(default)]
pub(crate) struct LinesForm {
    /// Where they go
    pub(crate) topic: String,
    /// The field of each line's JSON that is the message's key, such as `order.id`; none when empty
    pub(crate) key_field: String,
    /// `json` or `text`: whether each line has to be JSON
    pub(crate) format: String,
}

/// How far it is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct LinesSent {
    /// Lines that are messages in the log.
    pub(crate) acked: u64,
    /// Lines that are not.
    pub(crate) failed: u64,
    /// Why, for the first of them.
    pub(crate) errors: Vec<LineError>,
    /// Each line has its outcome.
    pub(crate) finished: bool,
    /// Why it ended before that.
    pub(crate) problem: Option<Problem>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct LineError {
    /// From 1.
    pub(crate) line: u64,
    pub(crate) why: String,
}

impl LinesSent {
    pub(crate) fn is_nothing(&self) -> bool {
        self.acked + self.failed == 0
    }
}
