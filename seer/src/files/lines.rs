use std::io::{self, BufRead, BufReader, Read};

/// Lines of any length in bounded memory.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    /// Of a line that was cut.
    rest: Vec<u8>,
    number: u64,
    bytes_max: usize,
    too_long: TooLong,
}

/// What becomes of a line that is longer than it may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TooLong {
    PassOver,
    /// Into several, between sentences or else between words, where there are any.
    Cut,
}

pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// Without its end. `None` when it was passed over.
    pub(super) bytes: Option<&'a [u8]>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R, bytes_max: usize, too_long: TooLong) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            line: Vec::new(),
            rest: Vec::new(),
            number: 0,
            bytes_max,
            too_long,
        }
    }

    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let resumed = !self.rest.is_empty();
        self.line.clear();
        self.line.append(&mut self.rest);
        if !self.read_on()? && !resumed {
            return Ok(None);
        }
        self.number += u64::from(!resumed);
        let number = self.number;
        if self.is_too_long() {
            match self.too_long {
                TooLong::Cut => self.cut(),
                TooLong::PassOver => {
                    while self.is_too_long() {
                        self.line.clear();
                        self.read_on()?;
                    }
                    return Ok(Some(Line {
                        number,
                        bytes: None,
                    }));
                }
            }
        }
        let bytes = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok(Some(Line {
            number,
            bytes: Some(bytes.strip_suffix(b"\r").unwrap_or(bytes)),
        }))
    }

    /// Appends to the line until its end, or until it is longer than it may be.
    fn read_on(&mut self) -> io::Result<bool> {
        let room = (self.bytes_max + 1).saturating_sub(self.line.len());
        let mut limited = self.input.by_ref().take(room as u64);
        Ok(limited.read_until(b'\n', &mut self.line)? > 0)
    }

    fn is_too_long(&self) -> bool {
        !self.line.ends_with(b"\n") && self.line.len() > self.bytes_max
    }

    fn cut(&mut self) {
        let ends_sentence = |bytes: &[u8]| matches!(bytes, [b'.' | b'!' | b'?', b' ']);
        let sentence = self.line.windows(2).rposition(ends_sentence);
        let word = self.line.iter().rposition(u8::is_ascii_whitespace);
        let after_space = sentence.map(|at| at + 2).or(word.map(|at| at + 1));
        // Never within a character of UTF-8.
        let character = self.line.iter().rposition(|byte| byte & 0xc0 != 0x80);
        let cut = after_space.or(character);
        if let Some(cut) = cut.filter(|at| *at > 0) {
            self.rest.extend(self.line.drain(cut..));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, bytes_max: usize, too_long: TooLong) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(text.as_bytes(), bytes_max, too_long);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            let text = line
                .bytes
                .map(|bytes| str::from_utf8(bytes).unwrap().to_owned());
            all.push((line.number, text));
        }
        all
    }

    #[test]
    fn lines_end_as_they_like() {
        let expected = [(1, "a"), (2, ""), (3, "b"), (4, "c")];
        let expected = expected.map(|(number, text)| (number, Some(text.to_owned())));
        assert_eq!(all("a\r\n\nb\nc", 9, TooLong::PassOver), expected);
        assert_eq!(all("a\r\n\nb\nc\n", 9, TooLong::Cut), expected);
        assert_eq!(all("", 9, TooLong::Cut), []);
    }

    #[test]
    fn long_lines_are_passed_over_or_cut() {
        let text = "1234\n12345678901\n1234\n123456";
        let texts = |too_long| {
            let lines = all(text, 4, too_long).into_iter();
            lines
                .map(|(number, text)| (number, text.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let line = |number: u64, text: &str| (number, text.to_owned());
        assert_eq!(
            texts(TooLong::PassOver),
            [line(1, "1234"), line(2, ""), line(3, "1234"), line(4, "")]
        );
        assert_eq!(
            texts(TooLong::Cut),
            [
                line(1, "1234"),
                line(2, "1234"),
                line(2, "5678"),
                line(2, "901"),
                line(3, "1234"),
                line(4, "1234"),
                line(4, "56")
            ]
        );
        let cut: Vec<_> = all("one two three ×××", 8, TooLong::Cut);
        let cut: Vec<_> = cut.into_iter().filter_map(|(_, text)| text).collect();
        assert_eq!(cut, ["one two ", "three ", "×××"]);
    }
}
