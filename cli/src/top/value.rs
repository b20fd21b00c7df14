//! A record's value as rows of a screen: JSON made readable, text as it is, bytes in hexadecimal.

mod json;

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use contract::record::Encoding;

use super::text;

/// What 16 bytes take in hexadecimal: the offset, for each byte two digits and a blank, and a character.
const HEX_COLUMNS: usize = 76;

/// How a value is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Json,
    Text,
    Hex,
}

/// A value, and its rows for the width they were last wanted in.
#[derive(Debug)]
pub(super) struct Value {
    bytes: Vec<u8>,
    format: Format,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    /// Not laid out yet.
    None,
    Text {
        width: usize,
        rows: Vec<String>,
    },
    /// Made when they are seen: a megabyte has 65,536 of them.
    Hex {
        bytes_per_row: usize,
    },
}

impl Format {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }
}

impl Value {
    /// In the format that suits it. `encoded` is how the consumer gives it.
    pub(super) fn new(encoded: &str, encoding: Encoding) -> Self {
        let bytes = match encoding {
            Encoding::Text => encoded.as_bytes().to_vec(),
            // What cannot be decoded is shown as it came.
            Encoding::Base64 => STANDARD
                .decode(encoded)
                .unwrap_or_else(|_| encoded.as_bytes().to_vec()),
        };
        let mut value = Self {
            bytes,
            format: Format::Json,
            rows: Rows::None,
        };
        if value.text().is_none() {
            value.format = Format::Hex;
        } else if value.json().is_none() {
            value.format = Format::Text;
        }
        value
    }

    pub(super) fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The next format that there is for this value.
    pub(super) fn change_format(&mut self) {
        self.format = match self.format {
            Format::Json => Format::Text,
            Format::Text => Format::Hex,
            Format::Hex if self.json().is_some() => Format::Json,
            Format::Hex => Format::Text,
        };
        self.rows = Rows::None;
    }

    /// Lays it out in rows of `width` columns; returns how many there are.
    pub(super) fn lay_out(&mut self, width: usize) -> usize {
        match &self.rows {
            Rows::Text { width: same, .. } if *same == width => {}
            _ => self.rows = self.rows(width),
        }
        match &self.rows {
            Rows::None => 0,
            Rows::Text { rows, .. } => rows.len(),
            Rows::Hex { bytes_per_row } => self.bytes.len().div_ceil(*bytes_per_row),
        }
    }

    /// A row of the last layout.
    pub(super) fn row(&self, index: usize) -> String {
        match &self.rows {
            Rows::None => String::new(),
            Rows::Text { rows, .. } => rows.get(index).cloned().unwrap_or_default(),
            Rows::Hex { bytes_per_row } => hex_row(&self.bytes, index, *bytes_per_row),
        }
    }

    fn rows(&self, width: usize) -> Rows {
        let wrapped = |text: &str| Rows::Text {
            width,
            rows: text::wrapped(text, width),
        };
        match self.format {
            Format::Hex => Rows::Hex {
                bytes_per_row: if width >= HEX_COLUMNS { 16 } else { 8 },
            },
            Format::Json => wrapped(&self.json().unwrap_or_default()),
            Format::Text => wrapped(&String::from_utf8_lossy(&self.bytes)),
        }
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    fn json(&self) -> Option<String> {
        self.text().and_then(json::indented)
    }
}

/// `00000010  7b 22 6f 72 64 65 72 22  3a 34 32 7d …  {"order":42}`
fn hex_row(bytes: &[u8], index: usize, bytes_per_row: usize) -> String {
    let start = index * bytes_per_row;
    let rest = bytes.get(start..).unwrap_or_default();
    let row = &rest[..rest.len().min(bytes_per_row)];
    let mut line = format!("{start:08x} ");
    for place in 0..bytes_per_row {
        if place % 8 == 0 {
            line.push(' ');
        }
        match row.get(place) {
            // Writing into a String does not fail.
            Some(byte) => _ = write!(line, "{byte:02x} "),
            None => line.push_str("   "),
        }
    }
    line.push(' ');
    line.extend(row.iter().map(|&byte| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    }));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(value: &mut Value, width: usize) -> Vec<String> {
        (0..value.lay_out(width))
            .map(|row| value.row(row))
            .collect()
    }

    #[test]
    fn json_is_indented_as_it_was_written() {
        let mut value = Value::new(
            r#"{"b": 1.0e400, "a" :[{},[ ] ,"x\",{"],"b":null}"#,
            Encoding::Text,
        );
        assert_eq!(value.format(), Format::Json);
        assert_eq!(
            rows(&mut value, 40),
            [
                "{",
                "  \"b\": 1.0e400,",
                "  \"a\": [",
                "    {},",
                "    [],",
                "    \"x\\\",{\"",
                "  ],",
                "  \"b\": null",
                "}"
            ]
        );
    }

    #[test]
    fn formats_go_round() {
        let mut value = Value::new("[1]", Encoding::Text);
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(value.format());
            value.change_format();
        }
        assert_eq!(
            seen,
            [Format::Json, Format::Text, Format::Hex, Format::Json]
        );
        // What is no JSON does not come to JSON, nor what is nested without end.
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        for text in ["42", "[1", &deep, ""] {
            let mut value = Value::new(text, Encoding::Text);
            assert_eq!(value.format(), Format::Text);
            value.change_format();
            value.change_format();
            assert_eq!(value.format(), Format::Text);
        }
    }

    #[test]
    fn bytes_are_shown_in_hex() {
        let mut value = Value::new("AAEC/1t7Ig==", Encoding::Base64);
        assert_eq!(value.format(), Format::Hex);
        assert_eq!(value.byte_count(), 7);
        assert_eq!(
            rows(&mut value, 76),
            [format!(
                "00000000  00 01 02 ff 5b 7b 22 {}  ....[{{\"",
                " ".repeat(27)
            )]
        );
        assert_eq!(
            rows(&mut value, 40),
            ["00000000  00 01 02 ff 5b 7b 22     ....[{\""]
        );
        let mut long = Value::new(&"x".repeat(40), Encoding::Text);
        long.change_format();
        assert_eq!(long.lay_out(76), 3);
        assert!(long.row(2).starts_with("00000020  78 "));
        assert_eq!(long.row(0).len(), HEX_COLUMNS);
    }
}
