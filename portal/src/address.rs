//! Addresses of pages.

use std::fmt::Write;

use contract::record::RecordPlace;

/// A text as a segment of a path or a value of a query, whatever it holds.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            // A string takes whatever is written.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

/// A message's page. With its place, it shows the record even when the life is kept no longer.
pub(crate) fn message(place: &RecordPlace) -> String {
    let RecordPlace {
        id,
        topic,
        partition,
        offset,
    } = place;
    let at = escape(&format!("{topic}:{partition}:{offset}"));
    format!("/message/{id}?at={at}")
}

/// The page of whatever lies at a place of the log.
pub(crate) fn place(place: &RecordPlace) -> String {
    let RecordPlace {
        topic,
        partition,
        offset,
        ..
    } = place;
    format!("/message/{}/{partition}/{offset}", escape(topic))
}

#[cfg(test)]
mod tests {
    use contract::MessageId;

    use super::*;

    #[test]
    fn what_has_a_meaning_in_addresses_is_escaped() {
        assert_eq!(escape("orders.v1_eu-west~"), "orders.v1_eu-west~");
        assert_eq!(escape("a/b?c=d&e#ü\""), "a%2Fb%3Fc%3Dd%26e%23%C3%BC%22");
    }

    #[test]
    fn a_message_has_two_addresses() {
        let there = RecordPlace {
            id: MessageId::of_record("orders", 0, 7),
            topic: "orders".to_owned(),
            partition: 0,
            offset: 7,
        };
        let by_id = format!("/message/{}?at=orders%3A0%3A7", there.id);
        assert_eq!(message(&there), by_id);
        assert_eq!(place(&there), "/message/orders/0/7");
    }
}
