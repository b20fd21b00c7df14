//! Where in which file the records are that a consumer asks for.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::partition::PartitionLog;
use super::window::Window;

/// Bytes read to find a batch from its index entry: the entries are about this far apart.
const LOOKUP_WINDOW_BYTES: usize = 4096 + 1024;

/// Whole batches in a segment file. The file stays readable when the segment is deleted meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct FileRange {
    pub(crate) file: Arc<File>,
    pub(crate) position: u64,
    pub(crate) length: u64,
}

/// A partition as one moment's fetch sees it.
#[derive(Debug)]
pub(crate) struct ReadPlan {
    pub(crate) range: Option<FileRange>,
    pub(crate) high_watermark: i64,
    pub(crate) log_start_offset: i64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the offset is outside the log")]
    OutOfRange {
        high_watermark: i64,
        log_start_offset: i64,
    },
    #[error("cannot read the log")]
    Storage(#[from] io::Error),
}

/// The segment that holds an offset, and from where to look for it.
pub(super) struct Located {
    pub(super) base_offset: i64,
    pub(super) file: Arc<File>,
    pub(super) floor: u64,
    pub(super) end: u64,
}

impl PartitionLog {
    /// Finds whole batches from the one with `offset` on, at most `max_bytes` of one segment; with
    /// `at_least_one`, the first batch even if it is larger.
    pub(crate) fn plan_read(
        &self,
        offset: i64,
        max_bytes: u64,
        at_least_one: bool,
    ) -> Result<ReadPlan, ReadError> {
        let (high_watermark, log_start_offset) = {
            let state = self.state.read();
            (state.high_watermark, state.log_start_offset)
        };
        if offset < log_start_offset || offset > high_watermark {
            return Err(ReadError::OutOfRange {
                high_watermark,
                log_start_offset,
            });
        }
        let nothing_asked = max_bytes == 0 && !at_least_one;
        let range = if offset == high_watermark || nothing_asked {
            None
        } else {
            self.find_range(offset, max_bytes, at_least_one)?
        };
        Ok(ReadPlan {
            range,
            high_watermark,
            log_start_offset,
        })
    }

    fn find_range(
        &self,
        offset: i64,
        max_bytes: u64,
        at_least_one: bool,
    ) -> io::Result<Option<FileRange>> {
        let Some(Located {
            base_offset,
            file,
            floor,
            end,
        }) = self.locate(offset)?
        else {
            return Ok(None);
        };
        let found = Window::new(&file, end, LOOKUP_WINDOW_BYTES)
            .find(floor, |header| header.last_offset() >= offset)?;
        let Some((position, first)) = found else {
            return Ok(None);
        };
        let limit = position.saturating_add(max_bytes);
        let until = if limit >= end {
            end
        } else {
            self.boundary(base_offset, limit)?
        };
        let first_bytes = first.size_bytes as u64;
        let length = match until.saturating_sub(position) {
            // The index knows no boundary that near; the first batch may still fit.
            0 if at_least_one || first_bytes <= max_bytes => first_bytes,
            length => length,
        };
        Ok((length > 0).then_some(FileRange {
            file,
            position,
            length,
        }))
    }

    /// The segment that holds `offset`, which is below the high watermark, or if there is none
    /// (compaction leaves gaps) the first one behind it.
    pub(super) fn locate(&self, offset: i64) -> io::Result<Option<Located>> {
        let state = self.state.read();
        let active = &state.active;
        if offset >= active.base_offset {
            return Ok(Some(Located {
                base_offset: active.base_offset,
                file: active.file.clone(),
                floor: active.index.floor((offset - active.base_offset) as u32),
                end: active.size_bytes,
            }));
        }
        let at = state
            .ended
            .partition_point(|segment| segment.next_offset <= offset);
        let Some(segment) = state.ended.get(at).cloned() else {
            return Ok(None);
        };
        drop(state);
        Ok(Some(Located {
            base_offset: segment.base_offset,
            file: Arc::new(segment.open()?),
            floor: segment.floor(offset.max(segment.base_offset))?,
            end: segment.size_bytes,
        }))
    }

    /// The last known batch boundary at or before `position` in a segment, which may have ended
    /// since it was located.
    fn boundary(&self, base_offset: i64, position: u64) -> io::Result<u64> {
        let state = self.state.read();
        if state.active.base_offset == base_offset {
            return Ok(state.active.index.boundary(position));
        }
        let at = state
            .ended
            .binary_search_by_key(&base_offset, |segment| segment.base_offset);
        let segment = at.ok().map(|at| state.ended[at].clone());
        drop(state);
        segment.map_or(Ok(0), |segment| segment.boundary(position))
    }
}
