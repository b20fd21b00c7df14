//! A Kafka record as JSON, for people and programs that do not speak Kafka.

use serde::{Deserialize, Serialize};

use crate::MessageId;

/// One record. Bytes that are UTF-8 are shown as text; others as base64, said by the `…_encoding` field beside them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordView {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since 1970-01-01T00:00:00Z; absent when the record has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Encoding::is_text")]
    pub key_encoding: Encoding,
    /// Absent for a tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Encoding::is_text")]
    pub value_encoding: Encoding,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderView>,
}

impl RecordView {
    pub fn place(&self) -> RecordPlace {
        RecordPlace {
            id: self.id,
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset,
        }
    }
}

/// One header of a record. Names may repeat; order is kept.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeaderView {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Encoding::is_text")]
    pub value_encoding: Encoding,
}

/// `GET /messages`: a page of records.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordPage {
    /// In the order asked for; those of one partition by offset, those of several by their timestamps.
    pub records: Vec<RecordView>,
    /// Where to go on, as `cursor` beside the same other parameters; absent at the end. A page may be short, even empty,
    /// and still have more behind it: a call looks at so many records only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Records that were looked at.
    pub scanned: u64,
    /// Records left out because `where` could not be evaluated on them.
    #[serde(default)]
    pub failed: u64,
    /// Why, for one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `GET /messages/{topic}/{partition}/{offset}/neighbours`: where to go from one message.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordNeighbours {
    /// The record before it in its partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<RecordPlace>,
    /// The record after it in its partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<RecordPlace>,
    /// The message before it in its topic with the same key (of which 256 bytes count), among those whose status is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_with_key: Option<RecordPlace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_with_key: Option<RecordPlace>,
}

/// A message and where its record lies.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordPlace {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

/// The event `progress` of `GET /consume`, where `text`, `where` or `rate_max` leave something out: what has been read since the
/// one before, at most a second ago.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsumeProgress {
    /// Records read.
    pub seen: u64,
    /// Records sent as events.
    pub shown: u64,
    /// Records that would have been shown but for `rate_max`.
    pub left_out: u64,
    /// Records left out because `where` could not be evaluated on them.
    pub failed: u64,
    /// Why, for one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How bytes are written as a JSON string.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    #[default]
    Text,
    /// RFC 4648 §4, with padding.
    Base64,
}

impl Encoding {
    pub fn is_text(&self) -> bool {
        *self == Self::Text
    }
}
