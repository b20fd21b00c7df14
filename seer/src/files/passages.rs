//! Text and Markdown: as many paragraphs as fit together make a message, and headings stay with what they stand over.

use std::{borrow::Cow, io::Read};

use text_splitter::TextSplitter;

use super::{
    MESSAGE_CHARS_MAX, Pieces, ReadError,
    lines::{Lines, TooLong},
};
use crate::text;

/// Longest part of a line that is handled at once.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Text without an empty line is taken for a paragraph at this length.
const PARAGRAPH_BYTES_MAX: usize = 16 * 1024;
/// Longest headings over one message, all together.
const HEADINGS_CHARS_MAX: usize = 300;
/// A line of text that was wrapped is at least so long; shorter ones were ended on purpose.
const WRAPPED_CHARS_MIN: usize = 40;
/// Before a line that begins with a capital letter.
const WRAPPED_BEFORE_CAPITAL_CHARS_MIN: usize = 60;

/// Collects lines into messages.
pub(super) struct Passages<'p, 'e> {
    pieces: &'p mut Pieces<'e>,
    markdown: bool,
    content_type: &'static str,
    headings: Vec<Heading>,
    /// Between the fences of code, where # begins no heading.
    in_code: bool,
    paragraph: String,
    /// Paragraphs that are to be one message.
    passage: String,
    passage_chars: usize,
}

struct Heading {
    level: usize,
    line: String,
    /// Stands over a message already.
    used: bool,
}

pub(super) fn read(input: impl Read, mut passages: Passages<'_, '_>) -> Result<(), ReadError> {
    let mut lines = Lines::new(input, LINE_BYTES_MAX, TooLong::Cut);
    while let Some(line) = lines.next_line()? {
        let bytes = line.bytes.unwrap_or_default();
        let line = match str::from_utf8(bytes) {
            Ok(line) => Cow::Borrowed(line),
            Err(_) => {
                text::windows_1252(bytes).map_or_else(|| String::from_utf8_lossy(bytes), Cow::Owned)
            }
        };
        passages.line(&line)?;
    }
    passages.finish()
}

impl<'p, 'e> Passages<'p, 'e> {
    pub(super) fn of_text(pieces: &'p mut Pieces<'e>) -> Self {
        Self {
            pieces,
            markdown: false,
            content_type: "text/plain; charset=utf-8",
            headings: Vec::new(),
            in_code: false,
            paragraph: String::new(),
            passage: String::new(),
            passage_chars: 0,
        }
    }

    pub(super) fn of_markdown(pieces: &'p mut Pieces<'e>) -> Self {
        Self {
            markdown: true,
            content_type: "text/markdown; charset=utf-8",
            ..Self::of_text(pieces)
        }
    }

    pub(super) fn line(&mut self, line: &str) -> Result<(), ReadError> {
        let line = text::clean_line(line);
        if self.markdown {
            let start = line.trim_start();
            if start.starts_with("```") || start.starts_with("~~~") {
                self.in_code = !self.in_code;
            } else if !self.in_code
                && let Some(level) = heading_level(&line)
            {
                return self.heading(level, line.into_owned());
            }
        }
        if line.is_empty() && !self.in_code {
            return self.end_paragraph();
        }
        if self.paragraph.len() + line.len() > PARAGRAPH_BYTES_MAX {
            self.end_paragraph()?;
        }
        if !self.paragraph.is_empty() {
            let joins = !self.in_code && is_wrapped(&self.paragraph, &line);
            self.paragraph.push(if joins { ' ' } else { '\n' });
        }
        self.paragraph.push_str(&line);
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), ReadError> {
        self.in_code = false;
        self.end_passage()?;
        self.headings_alone()
    }

    fn heading(&mut self, level: usize, line: String) -> Result<(), ReadError> {
        self.end_passage()?;
        if self.headings.last().is_some_and(|last| last.level >= level) {
            self.headings_alone()?;
        }
        self.headings.retain(|heading| heading.level < level);
        self.headings.push(Heading {
            level,
            line,
            used: false,
        });
        Ok(())
    }

    /// Headings over nothing are text too.
    fn headings_alone(&mut self) -> Result<(), ReadError> {
        if self.headings.last().is_some_and(|last| !last.used) {
            let headings = self.headings_text();
            self.push(&headings)?;
        }
        Ok(())
    }

    fn end_paragraph(&mut self) -> Result<(), ReadError> {
        let paragraph = std::mem::take(&mut self.paragraph);
        let paragraph = paragraph.trim_end();
        if paragraph.is_empty() {
            return Ok(());
        }
        let chars = paragraph.chars().count();
        if self.passage_chars > 0 && self.passage_chars + 2 + chars > MESSAGE_CHARS_MAX {
            self.push_passage()?;
        }
        if chars <= MESSAGE_CHARS_MAX {
            return self.add(paragraph, chars);
        }
        for part in TextSplitter::new(MESSAGE_CHARS_MAX).chunks(paragraph) {
            self.push_passage()?;
            self.add(part, part.chars().count())?;
        }
        Ok(())
    }

    fn add(&mut self, paragraph: &str, chars: usize) -> Result<(), ReadError> {
        if self.passage_chars > 0 {
            self.passage.push_str("\n\n");
            self.passage_chars += 2;
        }
        self.passage.push_str(paragraph);
        self.passage_chars += chars;
        Ok(())
    }

    /// Ends what is collected, whatever would follow.
    pub(super) fn end_passage(&mut self) -> Result<(), ReadError> {
        self.end_paragraph()?;
        self.push_passage()
    }

    fn push_passage(&mut self) -> Result<(), ReadError> {
        if self.passage_chars == 0 {
            return Ok(());
        }
        self.passage_chars = 0;
        let passage = std::mem::take(&mut self.passage);
        if self.headings.is_empty() {
            return self.push(&passage);
        }
        let headings = self.headings_text();
        self.push(&format!("{headings}\n\n{passage}"))
    }

    fn headings_text(&mut self) -> String {
        let mut lines = Vec::new();
        let mut chars = 0;
        // The nearest ones, if all are too long.
        for heading in self.headings.iter_mut().rev() {
            heading.used = true;
            chars += heading.line.chars().count() + 1;
            if chars <= HEADINGS_CHARS_MAX || lines.is_empty() {
                lines.push(heading.line.as_str());
            }
        }
        lines.reverse();
        lines.join("\n")
    }

    fn push(&mut self, message: &str) -> Result<(), ReadError> {
        let place = || "a paragraph".to_owned();
        self.pieces
            .push(message.as_bytes(), self.content_type, place)
    }
}

/// 1 to 6 for a line that is a heading.
fn heading_level(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line.get(level..)?;
    ((1..=6).contains(&level) && text.starts_with([' ', '\t'])).then_some(level)
}

/// Whether the line goes on where the paragraph's last line was wrapped, in the middle of a sentence.
fn is_wrapped(paragraph: &str, line: &str) -> bool {
    let last = paragraph.rsplit('\n').next().unwrap_or_default();
    let Some(first) = line.chars().next() else {
        return false;
    };
    let chars_min = if first.is_uppercase() {
        WRAPPED_BEFORE_CAPITAL_CHARS_MIN
    } else {
        WRAPPED_CHARS_MIN
    };
    // A bound for the count: a paragraph that was joined is one long line.
    let long_enough = last.chars().take(chars_min).count() >= chars_min;
    first.is_alphabetic() && long_enough && !last.ends_with(['.', '!', '?', ':', ';', '|'])
}
