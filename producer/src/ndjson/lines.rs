//! Lines out of a body that arrives in pieces, in bounded memory.

use std::ops::Range;

/// Collects pieces of a body and gives out its complete lines.
pub(crate) struct LineBuffer {
    bytes: Vec<u8>,
    /// Bytes at the front that are given out.
    taken: usize,
    /// Where to look for the next line's end: what is before has been looked at.
    searched: usize,
    number: u64,
    line_bytes_max: usize,
    /// In the middle of a line that is too long and was given out as such.
    skipping: bool,
}

/// A line of the request.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Line<'a> {
    /// From 1; blank lines count.
    pub(crate) number: u64,
    /// Without `\n` or `\r\n` at its end; `None` when it was longer than the limit.
    pub(crate) text: Option<&'a [u8]>,
}

impl LineBuffer {
    pub(crate) fn new(line_bytes_max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            taken: 0,
            searched: 0,
            number: 0,
            line_bytes_max,
            skipping: false,
        }
    }

    /// Adds the next piece of the body. Lines that were not taken yet stay.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.taken);
        self.searched -= self.taken;
        self.taken = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// Ends the body: what is left is a line without an end.
    pub(crate) fn finish(&mut self) {
        if self.taken < self.bytes.len() {
            self.push(b"\n");
        }
    }

    /// The number that the next line will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// Up to `count` complete lines; blank ones are left out. Empty when more of the body is needed.
    pub(crate) fn take(&mut self, count: usize) -> Vec<Line<'_>> {
        let mut spans = Vec::new();
        while spans.len() < count {
            let Some(length) = memchr::memchr(b'\n', &self.bytes[self.searched..]) else {
                spans.extend(self.keep_rest());
                break;
            };
            let span = self.taken..self.searched + length;
            self.taken = span.end + 1;
            self.searched = self.taken;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            self.number += 1;
            if span.len() > self.line_bytes_max {
                spans.push((self.number, None));
            } else if !self.bytes[span.clone()].trim_ascii().is_empty() {
                spans.push((self.number, Some(span)));
            }
        }
        let text = |span| {
            let text: &[u8] = &self.bytes[span];
            text.strip_suffix(b"\r").unwrap_or(text)
        };
        let line = |(number, span): (u64, Option<Range<usize>>)| Line {
            number,
            text: span.map(text),
        };
        spans.into_iter().map(line).collect()
    }

    /// What is left has no end yet: more of it may come, unless it is too long already and is given up.
    fn keep_rest(&mut self) -> Option<(u64, Option<Range<usize>>)> {
        self.searched = self.bytes.len();
        let too_long = self.searched - self.taken > self.line_bytes_max;
        if !self.skipping && !too_long {
            return None;
        }
        self.taken = self.searched;
        if std::mem::replace(&mut self.skipping, true) {
            return None;
        }
        self.number += 1;
        Some((self.number, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a body that arrives in these pieces; "…" for one that is too long.
    fn lines(pieces: &[&str]) -> Vec<(u64, String)> {
        let mut buffer = LineBuffer::new(4);
        let mut lines = Vec::new();
        let mut take = |buffer: &mut LineBuffer| loop {
            let taken = buffer.take(2);
            if taken.is_empty() {
                break;
            }
            lines.extend(taken.iter().map(|line| {
                let text = line.text.unwrap_or("…".as_bytes());
                (line.number, String::from_utf8_lossy(text).into_owned())
            }));
        };
        for piece in pieces {
            buffer.push(piece.as_bytes());
            take(&mut buffer);
        }
        buffer.finish();
        take(&mut buffer);
        lines
    }

    fn expect(pieces: &[&str], expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(n, text)| (*n, (*text).to_owned()))
            .collect();
        assert_eq!(lines(pieces), expected);
    }

    #[test]
    fn pieces_do_not_matter() {
        let whole = [(1, "a"), (3, " bc"), (4, "d")];
        expect(&["a\n\n bc\r\nd"], &whole);
        expect(&["a", "\n\n", " b", "c\r", "\n", "d", ""], &whole);
        expect(&["a\n \n bc\r\nd\n"], &whole);
        expect(&[], &[]);
        expect(&["\n\n"], &[]);
    }

    #[test]
    fn lines_that_are_too_long_are_left_out() {
        let expected = [(1, "a"), (2, "…"), (3, "bcde"), (4, "…")];
        expect(&["a\n123456\nbcde\n12345"], &expected);
        expect(&["a\n12345", "67890", "1\nbc", "de\n12", "345"], &expected);
    }

    #[test]
    fn what_is_given_up_takes_no_memory() {
        let mut buffer = LineBuffer::new(4);
        for _ in 0..1000 {
            buffer.push(&[b'x'; 100]);
            buffer.take(1);
        }
        assert!(buffer.bytes.capacity() < 1000);
    }
}
