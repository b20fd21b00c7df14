//! The record headers of a message: written by the producer, read by whoever consumes.

use std::{borrow::Cow, ffi::CStr, io::Write, ptr, slice};

use contract::{MessageId, Timestamp, TraceParent, header};
use rdkafka::{
    bindings,
    message::{BorrowedMessage, Header, Message, OwnedHeaders},
};

/// What Kafkloud writes beside a message's value, which stays as the caller sent it.
#[derive(Clone, Copy, Debug)]
pub struct MessageHeaders<'a> {
    pub id: MessageId,
    pub accepted_at: Timestamp,
    pub trace: TraceParent,
    /// As the caller gave it, even if it does not parse.
    pub content_type: Option<&'a [u8]>,
    /// The caller's own, names and values. A name holds no zero byte.
    pub others: &'a [(String, Vec<u8>)],
}

/// What the headers of a record say about its message. A record that another Kafka client wrote says less, and its id
/// is then derived from its place in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordMeta {
    pub id: MessageId,
    /// When the producer took the message; records of other clients have none.
    pub accepted_at: Option<Timestamp>,
    pub trace: Option<TraceParent>,
    /// Of the names and values of all headers.
    pub header_bytes: usize,
}

impl MessageHeaders<'_> {
    pub(crate) fn to_native(self) -> OwnedHeaders {
        // Written for every record: the texts are formatted on the stack.
        let mut id = [0; 36];
        let id = self.id.0.as_hyphenated().encode_lower(&mut id);
        let (mut accepted_at, mut trace) = ([0; 32], [0; 64]);
        let headers = OwnedHeaders::new_with_capacity(4 + self.others.len())
            .insert(field(header::ID, id.as_bytes()))
            .insert(field(
                header::ACCEPTED_AT,
                print(&mut accepted_at, format_args!("{}", self.accepted_at)),
            ))
            .insert(field(
                header::TRACEPARENT,
                print(&mut trace, format_args!("{}", self.trace)),
            ));
        let headers = match self.content_type {
            Some(content_type) => headers.insert(field(header::CONTENT_TYPE, content_type)),
            None => headers,
        };
        let others = self.others.iter();
        others.fold(headers, |headers, (name, value)| {
            headers.insert(field(name, value))
        })
    }
}

impl RecordMeta {
    /// Reads the headers. What does not parse counts as absent: any client may write anything.
    pub fn of(record: &BorrowedMessage<'_>) -> Self {
        let place = (record.topic(), record.partition(), record.offset());
        Self::read(place, headers(record))
    }

    fn read<'a>(
        (topic, partition, offset): (&str, i32, i64),
        headers: impl Iterator<Item = (Cow<'a, str>, Option<&'a [u8]>)>,
    ) -> Self {
        let (mut id, mut accepted_at, mut trace) = (None, None, None);
        let mut header_bytes = 0;
        // As in Kafka's own clients, the last header of a name counts.
        for (name, value) in headers {
            header_bytes += name.len() + value.map_or(0, <[u8]>::len);
            match name.as_ref() {
                header::ID => id = parse(value),
                header::ACCEPTED_AT => accepted_at = parse(value),
                header::TRACEPARENT => trace = parse(value),
                _ => {}
            }
        }
        Self {
            id: id.unwrap_or_else(|| MessageId::of_record(topic, partition, offset)),
            accepted_at,
            trace,
            header_bytes,
        }
    }
}

/// All headers of a record, in order; names that are not UTF-8 are shown with U+FFFD.
///
/// Instead of rdkafka's own iterator, which panics on a name that is not UTF-8: any client can write one, and a record
/// must not be able to stop its consumer.
#[allow(unsafe_code)]
pub fn headers<'a>(
    record: &'a BorrowedMessage<'_>,
) -> impl Iterator<Item = (Cow<'a, str>, Option<&'a [u8]>)> {
    let mut native = ptr::null_mut();
    // SAFETY: the record's pointer is valid for as long as it is borrowed. On an error (there are no headers) `native`
    // stays null.
    unsafe { bindings::rd_kafka_message_headers(record.ptr(), &raw mut native) };
    (0..).map_while(move |index| {
        if native.is_null() {
            return None;
        }
        let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
        // SAFETY: `native` belongs to the record. Past the last header the call returns an error and sets nothing;
        // otherwise it sets a NUL-terminated name and a value of `length` bytes, or null, which live as long as the record.
        unsafe {
            bindings::rd_kafka_header_get_all(
                native,
                index,
                &raw mut name,
                &raw mut value,
                &raw mut length,
            );
            if name.is_null() {
                return None;
            }
            let value =
                (!value.is_null()).then(|| slice::from_raw_parts(value.cast::<u8>(), length));
            Some((CStr::from_ptr(name).to_string_lossy(), value))
        }
    })
}

fn field<'a>(key: &'a str, value: &'a [u8]) -> Header<'a, &'a [u8]> {
    Header {
        key,
        value: Some(value),
    }
}

/// The text, in the front of `buffer`; cut off should it not fit.
fn print<'a>(buffer: &'a mut [u8], text: std::fmt::Arguments<'_>) -> &'a [u8] {
    let length = buffer.len();
    let mut rest = &mut *buffer;
    // An error means that the buffer is full.
    let _ = rest.write_fmt(text);
    let written = length - rest.len();
    &buffer[..written]
}

fn parse<T: std::str::FromStr>(value: Option<&[u8]>) -> Option<T> {
    std::str::from_utf8(value?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rdkafka::message::Headers;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = MessageHeaders {
            id: MessageId::of_idempotency_key("stream", b"a"),
            accepted_at: Timestamp::from_micros(1_769_851_800_123_456),
            trace: TraceParent {
                trace_id: u128::MAX,
                span_id: 1,
                sampled: true,
            },
            content_type: Some(b"\"text/plain\""),
            others: &[("source".to_owned(), b"shop".to_vec())],
        };
        let native = written.to_native();
        let headers = native.iter().map(|h| (Cow::Borrowed(h.key), h.value));
        let meta = RecordMeta {
            id: written.id,
            accepted_at: Some(written.accepted_at),
            trace: Some(written.trace),
            header_bytes: native
                .iter()
                .map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len))
                .sum(),
        };
        assert_eq!(RecordMeta::read(("stream", 2, 7), headers), meta);
        assert_eq!(
            native.get(3),
            field(header::CONTENT_TYPE, b"\"text/plain\"")
        );
        assert_eq!(native.get(4), field("source", b"shop"));
    }

    #[test]
    fn records_of_other_clients_have_an_id_too() {
        let odd: [(_, Option<&[u8]>); 3] = [
            (header::ID, Some(b"no uuid")),
            (header::ACCEPTED_AT, Some(b"\xff")),
            (header::TRACEPARENT, None),
        ];
        let headers = odd.map(|(name, value)| (Cow::Borrowed(name), value));
        let of_place = RecordMeta {
            id: MessageId::of_record("stream", 2, 7),
            accepted_at: None,
            trace: None,
            header_bytes: "kafkloud-idno uuidkafkloud-accepted-at?traceparent".len(),
        };
        assert_eq!(
            RecordMeta::read(("stream", 2, 7), headers.into_iter()),
            of_place
        );
    }
}
