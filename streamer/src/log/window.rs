//! Reads a segment file through a window of memory, batch after batch.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::batch::{BatchError, BatchHeader, HEADER_BYTES};

/// A view of `file` up to `end` that reads `window_bytes` or more at a time.
pub(crate) struct Window<'a> {
    file: &'a File,
    end: u64,
    window_bytes: usize,
    held: Vec<u8>,
    held_from: u64,
}

impl<'a> Window<'a> {
    pub(crate) fn new(file: &'a File, end: u64, window_bytes: usize) -> Self {
        Window {
            file,
            end,
            window_bytes,
            held: Vec::new(),
            held_from: 0,
        }
    }

    /// The bytes at `position`; fewer than `length` where the file ends.
    fn bytes(&mut self, position: u64, length: usize) -> io::Result<&[u8]> {
        let length = (length as u64).min(self.end.saturating_sub(position)) as usize;
        let held_to = self.held_from + self.held.len() as u64;
        if position < self.held_from || position + length as u64 > held_to {
            let wanted = length.max(self.window_bytes) as u64;
            let wanted = wanted.min(self.end.saturating_sub(position)) as usize;
            self.held.resize(wanted, 0);
            self.held_from = position;
            self.file.read_exact_at(&mut self.held, position)?;
        }
        let from = (position - self.held_from) as usize;
        Ok(&self.held[from..from + length])
    }

    /// The header of the batch at `position`, or `None` at the end.
    pub(crate) fn header(
        &mut self,
        position: u64,
    ) -> io::Result<Option<Result<BatchHeader, BatchError>>> {
        if position >= self.end {
            return Ok(None);
        }
        let end = self.end;
        let header = BatchHeader::parse(self.bytes(position, HEADER_BYTES)?);
        Ok(Some(header.and_then(|header| {
            let whole = position + header.size_bytes as u64 <= end;
            if whole {
                Ok(header)
            } else {
                Err(BatchError::Truncated)
            }
        })))
    }

    /// The whole batch at `position`, whose header said that it has `size_bytes`.
    pub(crate) fn batch(&mut self, position: u64, size_bytes: usize) -> io::Result<&[u8]> {
        self.bytes(position, size_bytes)
    }

    /// The position and header of the first batch from `position` on that `wanted` accepts.
    pub(crate) fn find(
        &mut self,
        mut position: u64,
        mut wanted: impl FnMut(&BatchHeader) -> bool,
    ) -> io::Result<Option<(u64, BatchHeader)>> {
        while let Some(header) = self.header(position)? {
            let header = header.map_err(io::Error::other)?;
            if wanted(&header) {
                return Ok(Some((position, header)));
            }
            position += header.size_bytes as u64;
        }
        Ok(None)
    }
}
