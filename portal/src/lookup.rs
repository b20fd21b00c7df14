use contract::Problem;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// What became known of the life of a message that somebody asked for by its id.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Lookup {
    /// As it was asked for; not always a valid id.
    pub(crate) id: String,
    pub(crate) entry: Option<Entry>,
    /// Why more is not known.
    pub(crate) problem: Option<Problem>,
}
