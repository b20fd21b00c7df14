//! What the page of topics knows.

use contract::cluster::TopicView;
use serde::{Deserialize, Serialize};

/// `/topics`: the topics that were asked for, by name.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct TopicList {
    pub(crate) filter: TopicFilter,
    pub(crate) topics: Vec<TopicView>,
    /// Topics there are, asked for or not.
    pub(crate) total: usize,
}

/// The query of `/topics`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[serde(default)]
pub(crate) struct TopicFilter {
    /// Only topics with this in their name
    pub(crate) q: String,
    /// `yes`: those of Kafkloud and of Kafka itself, too
    pub(crate) internal: String,
}

impl TopicFilter {
    pub(crate) fn with_internal(&self) -> bool {
        self.internal == "yes"
    }
}

/// A new topic as somebody wrote it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct TopicDraft {
    pub(crate) name: String,
    pub(crate) partitions: String,
    pub(crate) retention_hours: String,
    /// A setting in each line: `name=value`.
    pub(crate) settings: String,
}

impl Default for TopicDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            partitions: "1".to_owned(),
            retention_hours: String::new(),
            settings: String::new(),
        }
    }
}
