//! What the pages of consumer groups know.

use contract::{
    Problem,
    cluster::{GroupView, OffsetResetOutcome},
};
use serde::{Deserialize, Serialize};

/// `/groups`: those that were asked for, the one that is most behind first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct GroupList {
    pub(crate) filter: GroupFilter,
    pub(crate) groups: Vec<GroupView>,
    /// Groups there are, asked for or not.
    pub(crate) total: usize,
}

/// The query of `/groups`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[serde(default)]
pub(crate) struct GroupFilter {
    /// Only groups with this in their name
    pub(crate) q: String,
}

/// `/groups/{group}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct GroupPage {
    pub(crate) group: GroupView,
    pub(crate) reset: ResetForm,
    /// What the reset would move, if one is asked for.
    pub(crate) preview: Option<OffsetResetOutcome>,
    /// Why it cannot be done.
    pub(crate) problem: Option<Problem>,
}

/// From where a group is to go on, as somebody chose it; the query of `/groups/{group}`. Without `to` nothing is asked for.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams))]
#[serde(default)]
pub(crate) struct ResetForm {
    /// `earliest`, `latest`, `time` or `offset`: tells what a reset to it would move
    pub(crate) to: String,
    /// For `time`: RFC 3339; UTC where no zone is given
    pub(crate) time: String,
    /// For `offset`
    pub(crate) offset: String,
    /// Only these topics, separated by commas
    pub(crate) topics: String,
}
