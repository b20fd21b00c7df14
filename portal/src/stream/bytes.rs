//! The bytes of a record, as people look at bytes.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use contract::record::Encoding;

const LINE_BYTES: usize = 16;

/// What stands for these bytes in the JSON of a record.
pub(crate) fn of(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Text => text.as_bytes().to_vec(),
        // The consumer wrote it, so it is valid; if it is not, it is shown as it is.
        Encoding::Base64 => STANDARD
            .decode(text)
            .unwrap_or_else(|_| text.as_bytes().to_vec()),
    }
}

/// Sixteen bytes a line: where they begin, the bytes, and the letters that they are.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut dump = String::with_capacity(bytes.len() * 5);
    for (index, line) in bytes.chunks(LINE_BYTES).enumerate() {
        let mut columns = String::with_capacity(3 * LINE_BYTES);
        for byte in line {
            // A string takes whatever is written.
            let _ = write!(columns, "{byte:02x} ");
        }
        let letters = line.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        });
        let letters: String = letters.collect();
        let _ = writeln!(dump, "{:08x}  {columns:<48} {letters}", index * LINE_BYTES);
    }
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_was_sent() {
        assert_eq!(of("/wA=", Encoding::Base64), [255, 0]);
        assert_eq!(of("ü", Encoding::Text), [0xc3, 0xbc]);
    }

    #[test]
    fn a_dump_has_places_bytes_and_letters() {
        let dump = hex(b"0123456789abcdef<\n");
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(
            lines,
            [
                "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef",
                "00000010  3c 0a                                            <.",
            ]
        );
        assert_eq!(hex(b""), "");
    }
}
