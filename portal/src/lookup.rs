use contract::Problem;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// What became known about a message that somebody asked for by its id.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Lookup {
    /// As it was asked for; not always a valid id.
    pub(crate) id: String,
    pub(crate) entry: Option<Entry>,
    /// What the log holds.
    pub(crate) record: Option<Record>,
    /// Why more is not known.
    pub(crate) problem: Option<Problem>,
}

/// A record as its page shows it. The server puts it into words, so that the browser need not know how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Record {
    /// Names and values, such as its time and its headers.
    pub(crate) facts: Vec<(String, String)>,
    /// Absent for a tombstone.
    pub(crate) value: Option<String>,
    /// How the value differs from what is shown.
    pub(crate) note: Option<String>,
}
