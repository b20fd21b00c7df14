//! What the page of the stream knows: which records somebody wants to see, and those there are at first.

pub(crate) mod bytes;
pub(crate) mod pretty;
pub(crate) mod ring;
pub(crate) mod tail;

use contract::{Problem, record::RecordView};
use serde::{Deserialize, Serialize};

use crate::address::escape;

/// `/stream`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct StreamData {
    pub(crate) form: StreamForm,
    /// Topics of users that there are.
    pub(crate) topics: Vec<String>,
    /// What lies there already, the last one first.
    pub(crate) records: Vec<RecordView>,
    /// For whom has no script: where the next page begins.
    pub(crate) next: Option<String>,
    /// Records left out because the expression could not be evaluated on them, and why, for one of them.
    pub(crate) failed: u64,
    pub(crate) error: Option<String>,
    /// Why nothing is shown.
    pub(crate) problem: Option<Problem>,
}

/// Which records: the form, and the query of `/stream`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[serde(default)]
pub(crate) struct StreamForm {
    /// Topics, separated by commas; all of users when empty
    pub(crate) topics: String,
    /// `latest`, `earliest`, `time` or `offset`
    pub(crate) from: String,
    /// For `time`: RFC 3339; UTC where no zone is given
    pub(crate) time: String,
    /// For `offset`
    pub(crate) offset: String,
    /// Only records with this in their key, value or headers
    pub(crate) text: String,
    /// Only records of which this jq expression is true
    #[serde(rename = "where")]
    pub(crate) expression: String,
    /// Records shown per second at most: a number, or `all`; when empty 200 of what comes from now on, all of the past
    pub(crate) rate: String,
}

impl Default for StreamForm {
    fn default() -> Self {
        Self {
            topics: String::new(),
            from: "latest".to_owned(),
            time: String::new(),
            offset: String::new(),
            text: String::new(),
            expression: String::new(),
            rate: String::new(),
        }
    }
}

impl StreamForm {
    /// As the query of an address.
    pub(crate) fn query(&self) -> String {
        let fields = [
            ("topics", &self.topics),
            ("from", &self.from),
            ("time", &self.time),
            ("offset", &self.offset),
            ("text", &self.text),
            ("where", &self.expression),
            ("rate", &self.rate),
        ];
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let fields: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        fields.join("&")
    }
}

/// The event `begin`: from now on records come live.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Begun {
    /// After these, the last one first, which lay there at that moment.
    Newest(Vec<RecordView>),
    /// From a place of the past on: what is shown comes once more.
    Past,
    /// After what is shown.
    Further,
}
