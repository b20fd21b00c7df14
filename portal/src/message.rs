//! What the page of a message knows.

use contract::{
    Problem, Timestamp,
    record::{RecordNeighbours, RecordPlace},
};
use serde::{Deserialize, Serialize};

use crate::{entry::Entry, record::Value};

/// `/message/{id}` and `/message/{topic}/{partition}/{offset}`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct MessageData {
    /// Its life, as far as it is known.
    pub(crate) entry: Option<Entry>,
    /// Why no more of it is known.
    pub(crate) problem: Option<Problem>,
    pub(crate) record: Option<Record>,
    /// Why the record is not there.
    pub(crate) gone: Option<Problem>,
    /// Absent where nobody can tell.
    pub(crate) neighbours: Option<RecordNeighbours>,
    /// Where the log holds the message first, when this record is there beside it.
    pub(crate) first: Option<RecordPlace>,
    /// Absent for what no answer would cite, and where it is said already why nobody can tell.
    pub(crate) cited: Option<Cited>,
}

/// What the log holds. The server puts it into words, so that the browser need not know how.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Record {
    pub(crate) place: RecordPlace,
    pub(crate) has_key: bool,
    pub(crate) value: Value,
    /// Names and values, such as its time and its headers.
    pub(crate) facts: Vec<(String, String)>,
}

/// The answers that cite a message, the last one first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Cited {
    pub(crate) answers: Vec<CitingAnswer>,
    /// How many answers were looked at, when there are older ones.
    pub(crate) newest: Option<u64>,
    /// Why nobody can tell.
    pub(crate) problem: Option<Problem>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CitingAnswer {
    /// Empty where it could not be read, or was not kept.
    pub(crate) question: String,
    pub(crate) at: Option<Timestamp>,
    /// The answer's record.
    pub(crate) place: RecordPlace,
}
