//! Bytes as text.

use std::borrow::Cow;

use super::NotText;

const BINARY: NotText = NotText("binary");
/// Control characters that a text may hold, one in so many characters; a binary format has more.
const CONTROLS_ONE_IN: usize = 16;

/// What Windows-1252 has where Latin-1 has control characters, 0x80 to 0x9F.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// UTF-8, UTF-16 with its mark, or Windows-1252 where everything else says text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf_16(rest, u16::from_le_bytes)?),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf_16(rest, u16::from_be_bytes)?),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf_8_or_windows_1252(rest)?,
        // Avro, JSON Schema and Protobuf as Confluent's serializers write them: a zero, then the schema's number.
        [0, _, _, _, _, ..] => {
            return Err(NotText("binary, perhaps with a schema registry's mark"));
        }
        _ => utf_8_or_windows_1252(bytes)?,
    };
    let (mut characters, mut controls) = (0, 0);
    // Texts of C programs end with zeros.
    for c in text.trim_end_matches('\0').chars() {
        characters += 1;
        match c {
            '\0' => return Err(BINARY),
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1b}' => {}
            c if c.is_control() => controls += 1,
            _ => {}
        }
    }
    if controls * CONTROLS_ONE_IN > characters {
        return Err(BINARY);
    }
    Ok(text)
}

fn utf_16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(BINARY);
    }
    let units = units.iter().map(|bytes| unit(*bytes));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .map_err(|_| BINARY)
}

fn utf_8_or_windows_1252(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => windows_1252(bytes).map(Cow::Owned).ok_or(BINARY),
    }
}

/// `None` unless most of the text is ASCII: any bytes at all are valid in this encoding.
pub(crate) fn windows_1252(bytes: &[u8]) -> Option<String> {
    let ascii = bytes.iter().filter(|byte| byte.is_ascii()).count();
    if ascii * 4 < bytes.len() * 3 {
        return None;
    }
    let high: Vec<char> = WINDOWS_1252.chars().collect();
    let decode = |byte: &u8| match byte {
        0x80..=0x9f => high[usize::from(byte - 0x80)],
        byte => char::from(*byte),
    };
    Some(bytes.iter().map(decode).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_other_encodings_is_read() {
        let utf_16 = |text: &str, order: fn(u16) -> [u8; 2]| {
            let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
            units.flat_map(order).collect::<Vec<u8>>()
        };
        for bytes in [
            utf_16("Größe 👍", u16::to_le_bytes),
            utf_16("Größe 👍", u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).unwrap(), "Größe 👍");
        }
        assert_eq!(decode(b"\xef\xbb\xbfmarked").unwrap(), "marked");
        let old = b"caf\xe9, \x93quoted\x94 for 5 \x80";
        assert_eq!(decode(old).unwrap(), "café, “quoted” for 5 €");
    }

    #[test]
    fn binary_is_told_from_text() {
        let protobuf = b"\x0a\x03Ada\x10\x05\x1a\x02ok";
        let half_of_utf_16 = b"\xff\xfea\0b";
        for bytes in [
            &protobuf[..],
            half_of_utf_16,
            b"text, then\0bytes",
            b"\x80\x81\x82",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        ] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
        assert!(decode(b"a bell \x07 rings once in a while").is_ok());
        assert_eq!(decode(b"ends as in C\0\0").unwrap(), "ends as in C\0\0");
    }
}
