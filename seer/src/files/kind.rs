use super::{ReadError, unreadable};
use crate::text;

/// What a file is, and so how it is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Text,
    Markdown,
    Html,
    Json,
    Ndjson,
    /// CSV or TSV.
    Table,
    Pdf,
}

/// How files begin that many have and that are not read, and what to do with them.
const REFUSED: [(&[u8], &str); 8] = [
    (
        b"PK\x03\x04",
        "an archive or an Office document: unpack it, or save it as PDF or text",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Office document: save it as PDF or text",
    ),
    (b"{\\rtf", "a rich text document: save it as PDF or text"),
    (b"\x1f\x8b", "compressed: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed: unpack it first"),
    (b"\x89PNG", "a picture: load its text"),
    (b"\xff\xd8\xff", "a picture: load its text"),
    (b"GIF8", "a picture: load its text"),
];
const SUPPORTED: &str = "txt, md, html, json, ndjson, csv, tsv and pdf files can be loaded";

impl Kind {
    /// By how the file begins, then its name, then what the caller says of it. `head` is its first bytes.
    pub(super) fn of(
        name: &str,
        content_type: Option<&str>,
        head: &[u8],
    ) -> Result<Self, ReadError> {
        if head.starts_with(b"%PDF-") {
            return Ok(Self::Pdf);
        }
        if let Some((_, what)) = REFUSED.iter().find(|(start, _)| head.starts_with(start)) {
            return Err(unreadable(format!("it is {what}; {SUPPORTED}")));
        }
        let utf_16 = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        let named = Self::of_name(name);
        match named {
            // Some writers put other bytes before the beginning.
            Some(Self::Pdf) if head.windows(5).take(1024).any(|bytes| bytes == b"%PDF-") => {
                Ok(Self::Pdf)
            }
            Some(Self::Pdf) => Err(unreadable("it is no PDF, or damaged: save it anew")),
            _ if !utf_16 && head.contains(&0) => Err(unreadable(format!(
                "it is not text but binary; {SUPPORTED}"
            ))),
            Some(kind) => Ok(kind),
            None => Ok(Self::of_media_type(content_type).unwrap_or_else(|| Self::of_text(head))),
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "txt" | "text" | "log" => Self::Text,
            "md" | "markdown" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "csv" | "tsv" => Self::Table,
            "pdf" => Self::Pdf,
            _ => return None,
        })
    }

    fn of_media_type(content_type: Option<&str>) -> Option<Self> {
        Some(
            match text::media_type(content_type.map(str::as_bytes)).as_str() {
                "text/markdown" => Self::Markdown,
                "text/html" | "application/xhtml+xml" => Self::Html,
                "application/json" => Self::Json,
                "application/x-ndjson" | "application/jsonl" => Self::Ndjson,
                "text/csv" | "text/tab-separated-values" => Self::Table,
                _ => return None,
            },
        )
    }

    /// Of text that nobody has named.
    fn of_text(head: &[u8]) -> Self {
        let start = head.trim_ascii_start();
        let begins = |with: &str| {
            let beginning = start.get(..with.len());
            beginning.is_some_and(|bytes| bytes.eq_ignore_ascii_case(with.as_bytes()))
        };
        let is_json = |bytes: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
        let mut lines = start.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let more = lines.any(|line| !line.trim_ascii().is_empty());
        match start.first() {
            _ if begins("<!doctype html") || begins("<html") => Self::Html,
            Some(b'{') if more && is_json(first) => Self::Ndjson,
            Some(b'{') => Self::Json,
            // In other text too a bracket may come first.
            Some(b'[')
                if matches!(
                    start.get(1..).map(<[u8]>::trim_ascii_start),
                    Some([b'{' | b'[' | b'"', ..])
                ) =>
            {
                Self::Json
            }
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_goes_before_the_name_and_the_name_before_the_type() {
        let kind =
            |name, content_type, head: &str| Kind::of(name, content_type, head.as_bytes()).ok();
        assert_eq!(kind("x.txt", None, "%PDF-1.7"), Some(Kind::Pdf));
        assert_eq!(kind("x.pdf", None, "\u{feff}%PDF-1.7"), Some(Kind::Pdf));
        assert_eq!(kind("x.pdf", None, "no pdf"), None);
        assert_eq!(kind("X.MD", Some("text/plain"), "a"), Some(Kind::Markdown));
        assert_eq!(
            kind("a.b/x", Some("text/csv; header=present"), "a"),
            Some(Kind::Table)
        );
        assert_eq!(kind("x.docx", None, "PK\u{3}\u{4}"), None);
        assert_eq!(kind("x.txt", None, "a\0b"), None);
    }

    #[test]
    fn text_without_a_name_is_looked_at() {
        let kind = |head: &str| Kind::of("upload", None, head.as_bytes()).unwrap();
        assert_eq!(kind(" <!DOCTYPE HTML>"), Kind::Html);
        assert_eq!(kind("{\"a\":1}\n{\"a\":2}\n"), Kind::Ndjson);
        assert_eq!(kind("{\"a\":1}\n"), Kind::Json);
        assert_eq!(kind("{\n\"a\":1}\n"), Kind::Json);
        assert_eq!(kind("[ {\"a\":1}"), Kind::Json);
        assert_eq!(kind("[2026-01-31] started"), Kind::Text);
        assert_eq!(kind("name: Ada"), Kind::Text);
    }
}
