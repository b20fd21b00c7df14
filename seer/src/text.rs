//! What of a record can be searched.
//!
//! Text stays as it was sent, word for word, so that a citation quotes its message; JSON and HTML become the text that is
//! in them. Time and memory are a small multiple of the value's size, whatever is in it: values are untrusted, and this
//! runs where records are polled.

use std::borrow::Cow;

mod decode;
mod html;
mod json;

pub(crate) use self::{
    decode::{decode, windows_1252},
    html::to_text as html_to_text,
};

/// Longest key that is put before the fields of its JSON value.
const KEY_BYTES_MAX: usize = 128;

/// Why nothing of a record can be searched, in words for whoever looks for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not text: {0}")]
pub struct NotText(pub &'static str);

/// What a value says it is, or looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Plain,
    Html,
    /// Something that JSON could begin with: it is JSON if all of it parses, whatever the content type says.
    PerhapsJson,
}

/// The text of a record.
///
/// A JSON object or array becomes a line for each field, `customer.name: Ada`, so that names and values are both found,
/// and its key goes first, since it tells what the fields belong to. What claims to be JSON and is not is plain text.
pub fn of_value(
    value: Option<&[u8]>,
    content_type: Option<&[u8]>,
    key: Option<&[u8]>,
) -> Result<String, NotText> {
    let value = value.ok_or(NotText("a tombstone, it has no value"))?;
    let text = decode(value)?;
    let found = match Form::of(content_type, &text) {
        Form::Html => html::to_text(&text),
        Form::PerhapsJson => match json::to_text(&text) {
            Some(fields) => with_key(key, fields),
            None => clean(&text),
        },
        Form::Plain => clean(&text),
    };
    if found.is_empty() {
        return Err(NotText("empty"));
    }
    Ok(found)
}

impl Form {
    fn of(content_type: Option<&[u8]>, text: &str) -> Self {
        let start = text.trim_start();
        let begins = |with: &str| {
            let head = start.as_bytes().get(..with.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()))
        };
        let media_type = media_type(content_type);
        if matches!(media_type.as_str(), "text/html" | "application/xhtml+xml")
            || begins("<!doctype html")
            || begins("<html")
        {
            return Self::Html;
        }
        let json = media_type.ends_with("/json") || media_type.ends_with("+json");
        // Numbers and words are what they are, in JSON as in text.
        match start.as_bytes().first() {
            Some(b'{' | b'[') => Self::PerhapsJson,
            Some(b'"') if json => Self::PerhapsJson,
            _ => Self::Plain,
        }
    }
}

/// The type and subtype in lower case, also out of a header value in quotes.
pub(crate) fn media_type(content_type: Option<&[u8]>) -> String {
    let text = String::from_utf8_lossy(content_type.unwrap_or_default());
    let essence = text.trim().trim_matches('"').split(';').next();
    let essence = essence.unwrap_or_default();
    essence.trim_matches(['"', ' ']).to_ascii_lowercase()
}

fn with_key(key: Option<&[u8]>, fields: String) -> String {
    let key = key.and_then(|key| str::from_utf8(key).ok());
    let key = key.filter(|key| key.len() <= KEY_BYTES_MAX && key.contains(char::is_alphanumeric));
    match key {
        Some(key) if !fields.is_empty() && !fields.contains(key) => {
            clean(&format!("key: {key}\n{fields}"))
        }
        _ => fields,
    }
}

/// A line as [`clean`] leaves it, with the spaces it begins with.
pub(crate) fn clean_line(line: &str) -> Cow<'_, str> {
    let line = line.trim_end();
    if line.chars().any(|c| is_unseen(c) && c != '\t') {
        let indent = &line[..line.len() - line.trim_start().len()];
        let cleaned = clean(line).replace('\n', " ");
        return Cow::Owned(format!(
            "{}{cleaned}",
            indent.replace(char::is_control, " ")
        ));
    }
    Cow::Borrowed(line)
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text without what no reader sees: control characters, colours of a terminal, marks that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => cleaned.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            // A control sequence, such as a colour, goes on until a letter ends it.
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => {
                while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                chars.next_if(|c| matches!(c, '@'..='~'));
            }
            c if c.is_control() => cleaned.push(' '),
            c if is_unseen(c) => {}
            c => cleaned.push(c),
        }
    }
    trim(cleaned)
}

fn trim(mut text: String) -> String {
    text.truncate(text.trim_end().len());
    let start = text.len() - text.trim_start().len();
    text.drain(..start);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> String {
        of_value(Some(value.as_bytes()), None, None).unwrap()
    }

    fn of_typed(value: &str, content_type: &str) -> String {
        of_value(Some(value.as_bytes()), Some(content_type.as_bytes()), None).unwrap()
    }

    fn refused(value: &[u8]) -> String {
        of_value(Some(value), None, None).unwrap_err().to_string()
    }

    #[test]
    fn text_stays_as_it_is() {
        let text = "The Wilymajinkas are a tribe.\n\n  They dance – “often”. 👍";
        assert_eq!(of(text), text);
        assert_eq!(of("42"), "42");
        assert_eq!(of_typed("true", "application/json"), "true");
        assert_eq!(of_typed("just words", "application/json"), "just words");
    }

    #[test]
    fn json_is_found_whatever_the_content_type_says() {
        let json = r#" {"customer":{"name":"Ada"}}"#;
        for content_type in [
            "application/json",
            "\"application/json\"",
            "text/plain",
            "no/;/type",
            "",
        ] {
            assert_eq!(of_typed(json, content_type), "customer.name: Ada");
        }
        let string = r#""said \"so\"""#;
        assert_eq!(
            of_typed(string, "\"application/vnd.x+json\"; charset=utf-8"),
            "said \"so\""
        );
        assert_eq!(of(string), string);
    }

    #[test]
    fn broken_json_is_plain_text() {
        for text in [
            r#"{"customer": "Ada""#,
            "[see below] a note",
            "{}{}",
            "[1,2,]",
        ] {
            assert_eq!(of_typed(text, "application/json"), text);
        }
    }

    #[test]
    fn a_key_goes_before_the_fields_that_do_not_name_it() {
        let with_key =
            |key: &[u8], value: &str| of_value(Some(value.as_bytes()), None, Some(key)).unwrap();
        assert_eq!(
            with_key(b"order-42", r#"{"state":"late"}"#),
            "key: order-42\nstate: late"
        );
        assert_eq!(with_key(b"42", r#"{"order":42}"#), "order: 42");
        assert_eq!(with_key(b"\xff", r#"{"order":42}"#), "order: 42");
        assert_eq!(with_key(b"notes.txt", "plain text"), "plain text");
    }

    #[test]
    fn html_is_read_as_a_browser_shows_it() {
        let page =
            "<!DOCTYPE html><html><title>Ada</title><script>x<y</script><p>She <b>wrote</b> notes.";
        assert_eq!(of(page), "Ada\nShe wrote notes.");
        assert_eq!(
            of_typed("<p>one<p>two", "text/html; charset=utf-8"),
            "one\ntwo"
        );
        assert_eq!(of("<order>kept</order>"), "<order>kept</order>");
    }

    #[test]
    fn what_nobody_sees_is_left_out() {
        assert_eq!(
            of("\u{feff}a\r\nb\rc\u{1b}[1;31md\u{1b}[0m\u{7}e\u{202e}f\0"),
            "a\nb\ncd ef"
        );
        assert_eq!(of("a\u{1b}"), "a");
        assert_eq!(of("a\u{1b}[31"), "a");
    }

    #[test]
    fn what_is_not_text_says_why() {
        assert_eq!(
            of_value(None, None, None).unwrap_err().to_string(),
            "not text: a tombstone, it has no value"
        );
        for empty in [
            &b""[..],
            b" \r\n\t",
            b"{}",
            b"[null,{\"a\":\"\"}]",
            b"<html></html>",
            b"\xef\xbb\xbf",
        ] {
            assert_eq!(refused(empty), "not text: empty", "{empty:?}");
        }
        let wire_format = b"\0\0\0\0\x2a\x06Ada";
        for binary in [
            &wire_format[..],
            b"\x89PNG\r\n\x1a\n\0\0",
            b"\x08\x96\x01\x12\x03Ada",
            &[0xff; 64],
        ] {
            assert!(
                refused(binary).starts_with("not text: binary"),
                "{binary:?}"
            );
        }
    }

    #[test]
    fn a_large_value_takes_a_small_multiple_of_its_size() {
        let million = 1_000_000;
        let values = [
            "word ".repeat(million / 5),
            format!("[{}0]", "[1],".repeat(million / 4)),
            "[".repeat(million),
            format!("{}{}", "[".repeat(million / 2), "]".repeat(million / 2)),
            r#"{"a":"#.repeat(million / 5) + "1" + &"}".repeat(million / 5),
            format!(
                "{{{}\"z\":0}}",
                "\"abcdef\":{\"b\":1},".repeat(million / 17)
            ),
            format!("<html>{}", "<div>x".repeat(million / 6)),
            format!("<html>{}", "<".repeat(million)),
            format!("<html>{}", "<!--".repeat(million / 4)),
            format!("<html>{}", "<script>".repeat(million / 8)),
            format!("<html>{}", "&amp".repeat(million / 4)),
        ];
        for value in values {
            let text = of_value(Some(value.as_bytes()), None, None);
            let length = text.map_or(0, |text| text.len());
            assert!(length < 4 * million, "{}…: {length}", &value[..20]);
        }
    }
}
