//! Messages out of a file or standard input, one a line.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
};

use anyhow::Context;
use bytes::Bytes;
use tokio::sync::mpsc;

/// A message and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    /// From 1; blank lines count, but are no messages.
    pub(crate) number: u64,
    pub(crate) bytes: Bytes,
}

/// Lines that are sent together; all of one block (see [`BLOCK_LINES`]).
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) lines: Vec<Line>,
    /// Bytes of the source that it stands for.
    pub(crate) source_bytes: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    File(PathBuf),
    Stdin,
}

/// Every so many lines a block ends. Large enough to make the way to the producer and back cheap, small enough to show
/// progress and to repeat. Ids of messages depend on it: see [`super::Upload`].
pub(super) const BLOCK_LINES: u64 = 1000;
const BATCH_BYTES_MAX: u64 = 1 << 20;
/// Far above what the producer takes; below it the producer's own refusal names the line.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// Batches read ahead.
const BATCHES_AHEAD: usize = 2;

impl Source {
    /// How much there is to read, where that is known.
    pub(crate) fn bytes(&self) -> Option<u64> {
        match self {
            Self::File(path) => path.metadata().ok().filter(|file| file.is_file()),
            Self::Stdin => None,
        }
        .map(|file| file.len())
    }

    /// Reads on a thread of its own, from line `from_line` on. Lines are handed over as soon as no other is at hand, so
    /// that a slow source is followed line by line. The channel ends with the source or with its error.
    pub(crate) fn read(
        self,
        from_line: u64,
    ) -> anyhow::Result<mpsc::Receiver<anyhow::Result<Batch>>> {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let reader: Box<dyn Read + Send> = match self {
            Self::File(path) => Box::new(
                std::fs::File::open(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?,
            ),
            Self::Stdin => Box::new(io::stdin()),
        };
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || {
                let mut reader = BatchReader::new(reader, from_line);
                while let Some(batch) = reader.next_batch().transpose() {
                    let failed = batch.is_err();
                    // Nobody listens any more: the upload has ended.
                    if sender.blocking_send(batch).is_err() || failed {
                        return;
                    }
                }
            })?;
        Ok(receiver)
    }
}

struct BatchReader<R> {
    reader: BufReader<R>,
    number: u64,
    from_line: u64,
}

impl<R: Read> BatchReader<R> {
    fn new(reader: R, from_line: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(BATCH_BYTES_MAX as usize / 2, reader),
            number: 0,
            from_line,
        }
    }

    /// `None` at the end of the source.
    fn next_batch(&mut self) -> anyhow::Result<Option<Batch>> {
        let mut batch = Batch::default();
        loop {
            let mut bytes = Vec::new();
            let read = (&mut self.reader)
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut bytes)
                .with_context(|| format!("cannot read line {}", self.number + 1))?;
            if read == 0 {
                return Ok((batch.source_bytes > 0).then_some(batch));
            }
            self.number += 1;
            anyhow::ensure!(
                (read as u64) < LINE_BYTES_MAX,
                "line {} is longer than {LINE_BYTES_MAX} bytes: is this a file of lines?",
                self.number
            );
            batch.source_bytes += read as u64;
            if self.number >= self.from_line
                && let Some(bytes) = message_of(bytes, self.number == 1)
            {
                batch.lines.push(Line {
                    number: self.number,
                    bytes,
                });
            }
            let full =
                self.number.is_multiple_of(BLOCK_LINES) || batch.source_bytes >= BATCH_BYTES_MAX;
            if full || !self.reader.buffer().contains(&b'\n') {
                return Ok(Some(batch));
            }
        }
    }
}

/// The line without its end; `None` when it is blank.
fn message_of(mut line: Vec<u8>, first: bool) -> Option<Bytes> {
    if line.ends_with(b"\n") {
        line.pop();
    }
    if line.ends_with(b"\r") {
        line.pop();
    }
    let line = Bytes::from(line);
    // The mark that some editors put before UTF-8 text is not part of it.
    let line = match line.strip_prefix(b"\xef\xbb\xbf") {
        Some(text) if first => line.slice_ref(text),
        _ => line,
    };
    (!line.trim_ascii().is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], from_line: u64) -> Vec<(u64, Vec<u8>)> {
        let mut reader = BatchReader::new(text, from_line);
        let mut lines = Vec::new();
        while let Some(batch) = reader.next_batch().unwrap() {
            let of_batch = batch.lines.into_iter();
            lines.extend(of_batch.map(|line| (line.number, line.bytes.to_vec())));
        }
        lines
    }

    #[test]
    fn line_ends_and_blank_lines_are_no_messages() {
        let text = b"\xef\xbb\xbfa\r\n\n  \n b \xff\nlast";
        let expected = [
            (1, b"a".to_vec()),
            (4, b" b \xff".to_vec()),
            (5, b"last".to_vec()),
        ];
        assert_eq!(lines(text, 1), expected);
        assert_eq!(lines(text, 4), expected[1..]);
        assert!(lines(b"\n", 1).is_empty());
    }

    #[test]
    fn batches_are_bounded() {
        let text = b"x\n".repeat(2 * BLOCK_LINES as usize + 1);
        let mut reader = BatchReader::new(text.as_slice(), 1);
        let mut sizes = Vec::new();
        while let Some(batch) = reader.next_batch().unwrap() {
            sizes.push(batch.lines.len());
        }
        assert_eq!(sizes, [BLOCK_LINES as usize, BLOCK_LINES as usize, 1]);
    }

    #[test]
    fn a_source_without_line_ends_is_refused() {
        let mut reader = BatchReader::new(io::repeat(b'x'), 1);
        assert!(reader.next_batch().is_err());
    }
}
