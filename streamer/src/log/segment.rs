//! The segments of a partition: one that is written, and those that ended.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{index_path, log_path, time_index_path};
use super::index::{IndexFile, OffsetEntry, SegmentIndex, TimeEntry};

/// A segment to which nothing is added any more. Its files are opened when they are read, so a
/// long log holds no file descriptors.
#[derive(Clone, Debug)]
pub(crate) struct EndedSegment {
    pub(crate) dir: Arc<PathBuf>,
    pub(crate) base_offset: i64,
    pub(crate) next_offset: i64,
    pub(crate) size_bytes: u64,
    /// The largest timestamp and the last offset of its batch.
    pub(crate) latest: Option<TimeEntry>,
}

/// The segment that is written: its size, and the index of what is in it.
#[derive(Debug)]
pub(crate) struct ActiveSegment {
    pub(crate) base_offset: i64,
    pub(crate) file: Arc<File>,
    pub(crate) size_bytes: u64,
    pub(crate) index: SegmentIndex,
}

impl EndedSegment {
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(log_path(&self.dir, self.base_offset))
    }

    pub(crate) fn relative(&self, offset: i64) -> u32 {
        (offset - self.base_offset) as u32
    }

    /// See [`SegmentIndex::floor`].
    pub(crate) fn floor(&self, offset: i64) -> io::Result<u64> {
        let wanted = self.relative(offset);
        let entry = self
            .offsets()?
            .last_where(|entry: &OffsetEntry| entry.relative_offset <= wanted)?;
        Ok(entry.map_or(0, |entry| u64::from(entry.position)))
    }

    /// See [`SegmentIndex::boundary`].
    pub(crate) fn boundary(&self, position: u64) -> io::Result<u64> {
        let entry = self
            .offsets()?
            .last_where(|entry: &OffsetEntry| u64::from(entry.position) <= position)?;
        Ok(entry.map_or(0, |entry| u64::from(entry.position)))
    }

    /// See [`SegmentIndex::before`].
    pub(crate) fn before(&self, timestamp: i64) -> io::Result<u32> {
        let times = IndexFile::open::<TimeEntry>(&time_index_path(&self.dir, self.base_offset))?;
        let entry = times.last_where(|entry: &TimeEntry| entry.timestamp < timestamp)?;
        Ok(entry.map_or(0, |entry| entry.relative_offset))
    }

    fn offsets(&self) -> io::Result<IndexFile> {
        IndexFile::open::<OffsetEntry>(&index_path(&self.dir, self.base_offset))
    }
}

impl ActiveSegment {
    pub(crate) fn create(dir: &Path, base_offset: i64) -> io::Result<Self> {
        let path = log_path(dir, base_offset);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(path)?;
        Ok(ActiveSegment {
            base_offset,
            file: Arc::new(file),
            size_bytes: 0,
            index: SegmentIndex::default(),
        })
    }

    /// Opens an existing file, of which `size_bytes` are known to be whole batches.
    pub(crate) fn reopen(
        dir: &Path,
        base_offset: i64,
        size_bytes: u64,
        index: SegmentIndex,
    ) -> io::Result<Self> {
        let path = log_path(dir, base_offset);
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        Ok(ActiveSegment {
            base_offset,
            file: Arc::new(file),
            size_bytes,
            index,
        })
    }

    /// Writes the index files and turns into an ended segment.
    pub(crate) fn end(&mut self, dir: &Arc<PathBuf>, next_offset: i64) -> io::Result<EndedSegment> {
        self.index.write(
            &index_path(dir, self.base_offset),
            &time_index_path(dir, self.base_offset),
        )?;
        Ok(EndedSegment {
            dir: dir.clone(),
            base_offset: self.base_offset,
            next_offset,
            size_bytes: self.size_bytes,
            latest: self.index.latest,
        })
    }
}
