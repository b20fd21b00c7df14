//! What the page of lives knows.

use contract::status::{LifeList, LifeStats};
use serde::{Deserialize, Serialize};

use crate::address::escape;

/// `/life`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct LifePage {
    pub(crate) form: LifeForm,
    pub(crate) list: LifeList,
    /// Absent while they cannot be told.
    pub(crate) stats: Option<LifeStats>,
}

/// Which lives: the form, and the query of `/life`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[serde(default)]
pub(crate) struct LifeForm {
    /// Only messages with this in their key or error
    pub(crate) text: String,
    /// Only messages that have come just so far
    pub(crate) stage: String,
    /// Only messages of this topic
    pub(crate) topic: String,
    /// Only messages with exactly this key
    pub(crate) key: String,
    /// Only messages streamed from this time on: RFC 3339; UTC where no zone is given
    pub(crate) since: String,
    /// Only messages streamed before this time
    pub(crate) until: String,
    /// `yes`: only messages that should have come further by now
    pub(crate) stuck: String,
    /// Seconds after which a message counts as stuck
    pub(crate) stuck_after: String,
    /// The rung that it should have reached by then
    pub(crate) reached: String,
    /// Only messages that came before the one with this id
    pub(crate) before: String,
}

impl LifeForm {
    /// Whether certain messages are looked for, besides those of a topic and a time.
    pub(crate) fn is_search(&self) -> bool {
        let fields = [
            &self.text,
            &self.stage,
            &self.key,
            &self.stuck,
            &self.before,
        ];
        fields.iter().any(|field| !field.is_empty())
    }

    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck == "yes"
    }

    /// The page after the one that ends with the message `last`.
    pub(crate) fn older(&self, last: &str) -> String {
        let fields = self
            .fields()
            .into_iter()
            .filter(|(name, _)| *name != "before");
        let fields = fields.chain([("before", last)]);
        let fields = fields.filter(|(_, value)| !value.is_empty());
        let fields: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        format!("/life?{}", fields.join("&"))
    }

    pub(crate) fn fields(&self) -> [(&'static str, &str); 10] {
        [
            ("text", &self.text),
            ("stage", &self.stage),
            ("topic", &self.topic),
            ("key", &self.key),
            ("since", &self.since),
            ("until", &self.until),
            ("stuck", &self.stuck),
            ("stuck_after", &self.stuck_after),
            ("reached", &self.reached),
            ("before", &self.before),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_asks_the_same() {
        let form = LifeForm {
            text: "no address".to_owned(),
            stuck: "yes".to_owned(),
            before: "a".to_owned(),
            ..LifeForm::default()
        };
        assert_eq!(
            form.older("b"),
            "/life?text=no%20address&stuck=yes&before=b"
        );
    }
}
