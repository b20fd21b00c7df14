use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The one id that a message carries everywhere: receipt, record header, trace, status, vector point, citation.
///
/// Its text form is the hyphenated lower-case UUID.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

/// Namespaces of the ids that are derived (UUIDv5, RFC 9562 §5.5) instead of made new.
const NAMESPACE_RECORD: Uuid = Uuid::from_u128(0x0b4f_29d2_6f6e_5d0a_9b7e_53f2_6a51_c001);
const NAMESPACE_IDEMPOTENCY: Uuid = Uuid::from_u128(0x0b4f_29d2_6f6e_5d0a_9b7e_53f2_6a51_c002);

impl MessageId {
    /// The id of a record that some other Kafka client wrote without [`crate::header::ID`]:
    /// the same record has the same id for every reader.
    pub fn of_record(topic: &str, partition: i32, offset: i64) -> Self {
        let name = format!("{topic}/{partition}/{offset}");
        Self(Uuid::new_v5(&NAMESPACE_RECORD, name.as_bytes()))
    }

    /// The id of a message whose sender gave an `Idempotency-Key`: a retry to the same topic has the same id.
    pub fn of_idempotency_key(topic: &str, key: &[u8]) -> Self {
        // A topic name cannot hold '/', so no two pairs share a name.
        let name = [topic.as_bytes(), b"/", key].concat();
        Self(Uuid::new_v5(&NAMESPACE_IDEMPOTENCY, &name))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for MessageId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_stable_and_apart() {
        let id = MessageId::of_record("stream", 0, 7);
        assert_eq!(id, MessageId::of_record("stream", 0, 7));
        assert_ne!(id, MessageId::of_record("stream", 0, 8));
        assert_ne!(id, MessageId::of_idempotency_key("stream", b"0/7"));
        // Written into logs and indexes of users: a change of the derivation would orphan them.
        assert_eq!(id.to_string(), "7c5617cb-a859-5e8b-86ed-313dd222ff33");
    }

    #[test]
    fn text_form_round_trips() {
        let id = MessageId::of_idempotency_key("orders", b"abc");
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
