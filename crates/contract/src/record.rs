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
