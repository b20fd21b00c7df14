use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::{Pieces, ReadError, unreadable};
use crate::text;

/// Longest first line that is looked at for what separates its fields.
const HEAD_BYTES: usize = 64 * 1024;

/// A message for each row, as a JSON object with the names of the first row.
pub(super) fn read(input: impl Read, pieces: &mut Pieces<'_>) -> Result<(), ReadError> {
    let mut input = BufReader::with_capacity(HEAD_BYTES, input);
    let head = input.fill_buf()?;
    let first_line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(first_line))
        // A row with a field too many or too few is still a row.
        .flexible(true)
        .from_reader(input);
    let names = names(reader.byte_headers().map_err(broken)?);
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(broken)? {
        let line = row.position().map_or(0, csv::Position::line);
        let object = object(&names, &row);
        if !object.is_empty() {
            pieces.push(object.as_bytes(), "application/json", || {
                format!("line {line}")
            })?;
        }
    }
    Ok(())
}

/// The most frequent one of those that are in use.
fn delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    // Of equals the last one counts: a comma.
    let most = b"|\t;,".iter().max_by_key(|delimiter| count(**delimiter));
    *most.unwrap_or(&b',')
}

fn names(header: &ByteRecord) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for (index, field) in header.iter().enumerate() {
        let name = decode(field);
        let name = name.trim_start_matches('\u{feff}').trim();
        names.push(
            if name.is_empty() || names.iter().any(|other| other == name) {
                format!("{name} column {}", index + 1)
                    .trim_start()
                    .to_owned()
            } else {
                name.to_owned()
            },
        );
    }
    names
}

/// Fields that are empty are left out; a row without any is none.
fn object(names: &[String], row: &ByteRecord) -> String {
    let mut object = String::new();
    for (index, field) in row.iter().enumerate() {
        let value = decode(field);
        if value.trim().is_empty() {
            continue;
        }
        object.push(if object.is_empty() { '{' } else { ',' });
        let name = names.get(index).cloned();
        let name = name.unwrap_or_else(|| format!("column {}", index + 1));
        object.push_str(&quoted(&name));
        object.push(':');
        object.push_str(&quoted(value.trim()));
    }
    if !object.is_empty() {
        object.push('}');
    }
    object
}

fn decode(field: &[u8]) -> String {
    match str::from_utf8(field) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            text::windows_1252(field).unwrap_or_else(|| String::from_utf8_lossy(field).into_owned())
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn broken(error: csv::Error) -> ReadError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        kind => unreadable(format!("it is no table of separated values ({kind:?})")),
    }
}
