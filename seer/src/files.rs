//! Uploaded files into messages.
//!
//! Each message is a part of a file that can be read by itself: a record, a row, a page, or as many paragraphs as fit
//! together. Reading is done piece by piece, on a thread that may block; what cannot be read of a file is told in words,
//! and the rest of it goes on.

use std::io::{self, Cursor, Read};

use crate::text;

mod json;
mod kind;
mod lines;
mod passages;
mod pdf;
mod table;

use self::{kind::Kind, passages::Passages};

/// Longest message that is made of text, in characters: a passage that a person reads at a glance when it is cited.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
/// What is looked at to tell what a file is.
const HEAD_BYTES: u64 = 8 * 1024;

/// A message to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    pub value: Vec<u8>,
    pub content_type: &'static str,
}

/// An uploaded file as the caller describes it.
#[derive(Clone, Debug)]
pub struct FileInfo {
    pub name: String,
    pub content_type: Option<String>,
    /// Largest message that is made of it.
    pub message_bytes_max: usize,
}

/// Why a file, or the rest of it, was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text says what to do.
    #[error("{0}")]
    Unreadable(String),
    #[error("the upload ended in the middle")]
    Input(#[from] io::Error),
    /// Nobody takes its pieces any more.
    #[error("given up")]
    Stopped,
}

/// Takes a piece; `false` when no more are wanted.
pub type Emit<'a> = &'a mut dyn FnMut(Piece) -> bool;

/// Reads a file into pieces, in its order. Returns what was left out of it, in words, if anything was.
pub fn read(
    file: &FileInfo,
    mut input: impl Read,
    emit: Emit<'_>,
) -> Result<Option<String>, ReadError> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(unreadable("it is empty"));
    }
    let kind = Kind::of(&file.name, file.content_type.as_deref(), &head)?;
    let utf_16 = kind != Kind::Pdf && matches!(head[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let input = Cursor::new(head).chain(input);
    let mut pieces = Pieces {
        emit,
        message_bytes_max: file.message_bytes_max,
        count: 0,
        left_out: 0,
        first_left_out: None,
    };
    if utf_16 {
        let text = whole_text(input)?;
        kind.read(text.as_bytes(), &mut pieces)?;
    } else {
        kind.read(input, &mut pieces)?;
    }
    pieces.finish()
}

impl Kind {
    fn read(self, input: impl Read, pieces: &mut Pieces<'_>) -> Result<(), ReadError> {
        match self {
            Self::Text => passages::read(input, Passages::of_text(pieces)),
            Self::Markdown => passages::read(input, Passages::of_markdown(pieces)),
            Self::Html => {
                let text = text::html_to_text(&whole_text(input)?);
                passages::read(text.as_bytes(), Passages::of_text(pieces))
            }
            Self::Json => json::read_document(&whole_text(input)?, pieces),
            Self::Ndjson => json::read_lines(input, pieces),
            Self::Table => table::read(input, pieces),
            Self::Pdf => pdf::read(&whole(input)?, pieces),
        }
    }
}

/// What has come of a file so far.
pub(crate) struct Pieces<'a> {
    emit: Emit<'a>,
    message_bytes_max: usize,
    count: u64,
    left_out: u64,
    first_left_out: Option<String>,
}

impl Pieces<'_> {
    /// `place` is where in the file the piece is, such as `line 7`.
    fn push(
        &mut self,
        value: &[u8],
        content_type: &'static str,
        place: impl FnOnce() -> String,
    ) -> Result<(), ReadError> {
        if value.len() > self.message_bytes_max {
            let limit = self.message_bytes_max;
            self.leave_out(&place(), &format!("larger than {limit} bytes"));
            return Ok(());
        }
        self.count += 1;
        let piece = Piece {
            value: value.to_vec(),
            content_type,
        };
        if (self.emit)(piece) {
            Ok(())
        } else {
            Err(ReadError::Stopped)
        }
    }

    fn leave_out(&mut self, place: &str, reason: &str) {
        self.left_out += 1;
        self.first_left_out
            .get_or_insert_with(|| format!("{place}: {reason}"));
    }

    fn finish(self) -> Result<Option<String>, ReadError> {
        let left_out = self.first_left_out.map(|first| match self.left_out {
            1 => format!("left out {first}"),
            count => format!("left out {count} parts, the first is {first}"),
        });
        match left_out {
            left_out if self.count > 0 => Ok(left_out),
            Some(left_out) => Err(unreadable(format!("nothing of it can be read: {left_out}"))),
            None => Err(unreadable("there is no text in it")),
        }
    }
}

fn unreadable(reason: impl Into<String>) -> ReadError {
    ReadError::Unreadable(reason.into())
}

/// For formats that make sense only as a whole.
fn whole(mut input: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole_text(input: impl Read) -> Result<String, ReadError> {
    let bytes = whole(input)?;
    match text::decode(&bytes) {
        Ok(text) => Ok(text.into_owned()),
        Err(reason) => Err(unreadable(format!("it is {reason}"))),
    }
}

#[cfg(test)]
mod tests;
