use base64::{Engine, prelude::BASE64_STANDARD};
use contract::record::{Encoding, RecordView};

/// A text that is looked for in key, value and headers; capital and small letters are the same.
#[derive(Clone, Debug)]
pub(super) struct TextFilter {
    /// In small letters.
    text: String,
}

impl TextFilter {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_lowercase(),
        }
    }

    pub(super) fn is_in(&self, record: &RecordView) -> bool {
        let in_part = |part: &Option<String>, encoding| {
            let part = part.as_deref();
            part.is_some_and(|part| self.is_in_part(part, encoding))
        };
        in_part(&record.key, record.key_encoding)
            || in_part(&record.value, record.value_encoding)
            || record.headers.iter().any(|header| {
                self.is_in_bytes(header.name.as_bytes())
                    || in_part(&header.value, header.value_encoding)
            })
    }

    fn is_in_part(&self, part: &str, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Text => self.is_in_bytes(part.as_bytes()),
            // Bytes that are no text as a whole often hold some.
            Encoding::Base64 => BASE64_STANDARD
                .decode(part)
                .is_ok_and(|bytes| self.is_in_bytes(&bytes)),
        }
    }

    fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        if self.text.is_ascii() {
            return contains_ascii(bytes, self.text.as_bytes());
        }
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        text.contains(&self.text)
    }
}

/// Whether `needle`, which is in small ASCII letters, is in `haystack` in small or capital ones. Copies nothing: values may be
/// long.
fn contains_ascii(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else {
        return true;
    };
    let Some(last_start) = haystack.len().checked_sub(needle.len()) else {
        return false;
    };
    let starts = memchr::memchr2_iter(
        *first,
        first.to_ascii_uppercase(),
        &haystack[..=last_start.min(haystack.len() - 1)],
    );
    starts
        .map(|start| &haystack[start..start + needle.len()])
        .any(|found| found.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use contract::{MessageId, record::HeaderView};

    use super::*;

    fn record() -> RecordView {
        RecordView {
            id: MessageId::of_record("t", 0, 0),
            topic: "t".to_owned(),
            partition: 0,
            offset: 0,
            timestamp: None,
            key: Some("Order-42".to_owned()),
            key_encoding: Encoding::Text,
            value: Some(BASE64_STANDARD.encode(b"\xff\xfe<Name>Ada</Name>")),
            value_encoding: Encoding::Base64,
            headers: vec![HeaderView {
                name: "X-City".to_owned(),
                value: Some("GROSSE Straße in Øvre Årdal".to_owned()),
                value_encoding: Encoding::Text,
            }],
        }
    }

    #[test]
    fn text_is_found_in_every_part_whatever_its_letters() {
        let record = record();
        for text in [
            "order-42",
            "ORDER",
            "42",
            "<name>ada",
            "x-city",
            "straße in øvre å",
            "ÅRDAL",
        ] {
            assert!(TextFilter::new(text).is_in(&record), "{text}");
        }
        for text in ["order-43", "rder-422", "PE5hbWU", "city-x", "x-citygrosse"] {
            assert!(!TextFilter::new(text).is_in(&record), "{text}");
        }
    }

    #[test]
    fn the_ends_of_a_text_count() {
        for (haystack, needle, found) in [
            ("", "a", false),
            ("a", "a", true),
            ("A", "a", true),
            ("ab", "abc", false),
            ("xxABC", "abc", true),
            ("aab", "ab", true),
            ("ABCx", "abc", true),
        ] {
            let contains = contains_ascii(haystack.as_bytes(), needle.as_bytes());
            assert_eq!(contains, found, "{needle:?} in {haystack:?}");
        }
    }
}
