//! Names of the Kafka record headers that Kafkloud writes and reads. Values are UTF-8 text.

/// The message id, a UUID in its hyphenated form. See [`crate::MessageId`].
pub const ID: &str = "kafkloud-id";
/// When the producer accepted the message: RFC 3339, UTC, microseconds. See [`crate::Timestamp`].
pub const ACCEPTED_AT: &str = "kafkloud-accepted-at";
/// W3C Trace Context. See [`crate::TraceParent`].
pub const TRACEPARENT: &str = "traceparent";
/// The media type of the value, as the caller gave it.
pub const CONTENT_TYPE: &str = "content-type";
/// Of a request to the producer, not of a record: `name=value`, a header that the record is to have besides. May repeat.
pub const GIVEN: &str = "kafkloud-header";
/// Of a request to a service, not of a record: for whom the caller acts. See [`crate::Actor`].
pub const ACTOR: &str = "kafkloud-actor";

/// Whether Kafkloud itself writes headers of this name, so that nobody else does.
pub fn is_own(name: &str) -> bool {
    name.starts_with("kafkloud-") || matches!(name, TRACEPARENT | CONTENT_TYPE)
}
