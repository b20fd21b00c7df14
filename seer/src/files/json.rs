use std::io::Read;

use serde::de::IgnoredAny;
use serde_json::{Deserializer, value::RawValue};

use super::{
    Pieces, ReadError,
    lines::{Lines, TooLong},
    unreadable,
};

const JSON: &str = "application/json";

/// An array gives a message for each element, anything else one; several values may follow each other.
pub(super) fn read_document(text: &str, pieces: &mut Pieces<'_>) -> Result<(), ReadError> {
    for value in Deserializer::from_str(text).into_iter::<&RawValue>() {
        let value = value.map_err(|error| broken(&error))?;
        if !value.get().starts_with('[') {
            push(value, "the document", pieces)?;
            continue;
        }
        let elements: Vec<&RawValue> =
            serde_json::from_str(value.get()).map_err(|error| broken(&error))?;
        for (index, element) in elements.into_iter().enumerate() {
            push(element, &format!("element {}", index + 1), pieces)?;
        }
    }
    Ok(())
}

/// A message for each line.
pub(super) fn read_lines(input: impl Read, pieces: &mut Pieces<'_>) -> Result<(), ReadError> {
    let bytes_max = pieces.message_bytes_max;
    let mut lines = Lines::new(input, bytes_max, TooLong::PassOver);
    while let Some(line) = lines.next_line()? {
        let place = || format!("line {}", line.number);
        let Some(bytes) = line.bytes else {
            pieces.leave_out(&place(), &format!("larger than {bytes_max} bytes"));
            continue;
        };
        let bytes = bytes.trim_ascii();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.is_empty() {
            continue;
        }
        match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => pieces.push(bytes, JSON, place)?,
            Err(error) => {
                // It counts lines too; here there is one, with another number in the file.
                let reason = error
                    .to_string()
                    .replace(" at line 1 column ", " at column ");
                pieces.leave_out(&place(), &format!("not valid JSON ({reason})"));
            }
        }
    }
    Ok(())
}

fn push(value: &RawValue, place: &str, pieces: &mut Pieces<'_>) -> Result<(), ReadError> {
    if value.get() == "null" {
        return Ok(());
    }
    pieces.push(value.get().as_bytes(), JSON, || place.to_owned())
}

fn broken(error: &serde_json::Error) -> ReadError {
    unreadable(format!(
        "it is not valid JSON ({error}): correct it, or name it .txt to load it as text"
    ))
}
