//! The sparse indexes of a segment: offset → position and time → offset, an entry every 4 KiB.
//!
//! The segment being written keeps its index in memory; it is written to `.index` and `.timeindex`
//! when the segment ends or the broker stops, and made anew from the log when it is missing. Ended
//! segments are searched in their files, so they cost no memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::batch::BatchHeader;

/// Bytes of log between two entries; Apache Kafka's `index.interval.bytes`.
const INTERVAL_BYTES: u64 = 4096;

/// Where the batch that holds an offset begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OffsetEntry {
    /// The batch's first offset less the segment's.
    pub(crate) relative_offset: u32,
    pub(crate) position: u32,
}

/// The largest timestamp up to a batch, and that batch's last offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp: i64,
    pub(crate) relative_offset: u32,
}

/// A fixed-size record of an index file, big-endian as in Apache Kafka.
pub(crate) trait Entry: Copy {
    const BYTES: usize;
    fn write(&self, to: &mut Vec<u8>);
    fn read(from: &[u8]) -> Option<Self>;
}

impl Entry for OffsetEntry {
    const BYTES: usize = 8;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.relative_offset.to_be_bytes());
        to.extend(self.position.to_be_bytes());
    }

    fn read(from: &[u8]) -> Option<Self> {
        let relative_offset = u32::from_be_bytes(*from.first_chunk()?);
        let position = u32::from_be_bytes(*from.get(4..)?.first_chunk()?);
        Some(OffsetEntry {
            relative_offset,
            position,
        })
    }
}

impl Entry for TimeEntry {
    const BYTES: usize = 12;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.timestamp.to_be_bytes());
        to.extend(self.relative_offset.to_be_bytes());
    }

    fn read(from: &[u8]) -> Option<Self> {
        let timestamp = i64::from_be_bytes(*from.first_chunk()?);
        let relative_offset = u32::from_be_bytes(*from.get(8..)?.first_chunk()?);
        Some(TimeEntry {
            timestamp,
            relative_offset,
        })
    }
}

/// Both indexes of one segment, in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct SegmentIndex {
    pub(crate) offsets: Vec<OffsetEntry>,
    pub(crate) times: Vec<TimeEntry>,
    /// The largest timestamp so far and the last offset of its batch.
    pub(crate) latest: Option<TimeEntry>,
    indexed_to: u64,
}

impl SegmentIndex {
    /// Takes note of the batch at `position` of the segment that begins with `base_offset`.
    pub(crate) fn add(&mut self, base_offset: i64, position: u64, header: &BatchHeader) {
        let relative = |offset: i64| (offset - base_offset) as u32;
        if self
            .latest
            .is_none_or(|latest| header.max_timestamp > latest.timestamp)
        {
            let relative_offset = relative(header.last_offset());
            self.latest = Some(TimeEntry {
                timestamp: header.max_timestamp,
                relative_offset,
            });
        }
        if position >= self.indexed_to + INTERVAL_BYTES {
            self.indexed_to = position;
            self.offsets.push(OffsetEntry {
                relative_offset: relative(header.base_offset),
                position: position as u32,
            });
            self.push_latest();
        }
    }

    /// The position from which a batch that holds `relative_offset` is found by reading on.
    pub(crate) fn floor(&self, relative_offset: u32) -> u64 {
        let after = self
            .offsets
            .partition_point(|entry| entry.relative_offset <= relative_offset);
        after
            .checked_sub(1)
            .map_or(0, |at| u64::from(self.offsets[at].position))
    }

    /// The last batch boundary known at or before `position`.
    pub(crate) fn boundary(&self, position: u64) -> u64 {
        let after = self
            .offsets
            .partition_point(|entry| u64::from(entry.position) <= position);
        after
            .checked_sub(1)
            .map_or(0, |at| u64::from(self.offsets[at].position))
    }

    /// The offset up to which every timestamp is before `timestamp`.
    pub(crate) fn before(&self, timestamp: i64) -> u32 {
        let after = self
            .times
            .partition_point(|entry| entry.timestamp < timestamp);
        after
            .checked_sub(1)
            .map_or(0, |at| self.times[at].relative_offset)
    }

    fn push_latest(&mut self) {
        if let Some(latest) = self.latest
            && self
                .times
                .last()
                .is_none_or(|last| latest.timestamp > last.timestamp)
        {
            self.times.push(latest);
        }
    }

    /// Writes both files; the last time entry tells the segment's largest timestamp.
    pub(crate) fn write(&mut self, index: &Path, time_index: &Path) -> io::Result<()> {
        self.push_latest();
        write_entries(index, &self.offsets)?;
        write_entries(time_index, &self.times)
    }

    /// Reads both files back; `None` if they are missing or cannot belong to the segment.
    pub(crate) fn read(index: &Path, time_index: &Path, log_bytes: u64) -> Option<Self> {
        let offsets: Vec<OffsetEntry> = read_entries(index)?;
        let times: Vec<TimeEntry> = read_entries(time_index)?;
        let ordered = offsets
            .is_sorted_by(|a, b| a.relative_offset < b.relative_offset && a.position < b.position)
            && times.is_sorted_by(|a, b| a.timestamp < b.timestamp);
        let indexed_to = offsets.last().map_or(0, |last| u64::from(last.position));
        if !ordered || indexed_to >= log_bytes.max(1) || (log_bytes > 0 && times.is_empty()) {
            return None;
        }
        let latest = times.last().copied();
        Some(SegmentIndex {
            offsets,
            times,
            latest,
            indexed_to,
        })
    }
}

fn write_entries<E: Entry>(path: &Path, entries: &[E]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(entries.len() * E::BYTES);
    entries.iter().for_each(|entry| entry.write(&mut bytes));
    std::fs::write(path, bytes)
}

fn read_entries<E: Entry>(path: &Path) -> Option<Vec<E>> {
    let bytes = std::fs::read(path).ok()?;
    let whole = bytes.len().is_multiple_of(E::BYTES);
    if whole {
        bytes.chunks_exact(E::BYTES).map(E::read).collect()
    } else {
        None
    }
}

/// An index file of an ended segment, searched where it lies.
pub(crate) struct IndexFile {
    file: File,
    entries: u64,
}

impl IndexFile {
    pub(crate) fn open<E: Entry>(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let entries = file.metadata()?.len() / E::BYTES as u64;
        Ok(IndexFile { file, entries })
    }

    /// The last entry for which `before` holds; the entries for which it does come first.
    pub(crate) fn last_where<E: Entry>(
        &self,
        before: impl Fn(&E) -> bool,
    ) -> io::Result<Option<E>> {
        let (mut low, mut high) = (0, self.entries);
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let entry: E = self.entry(middle)?;
            if before(&entry) {
                found = Some(entry);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(found)
    }

    fn entry<E: Entry>(&self, at: u64) -> io::Result<E> {
        let mut bytes = vec![0; E::BYTES];
        self.file.read_exact_at(&mut bytes, at * E::BYTES as u64)?;
        E::read(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    pub(crate) fn last<E: Entry>(&self) -> io::Result<Option<E>> {
        self.entries
            .checked_sub(1)
            .map(|at| self.entry(at))
            .transpose()
    }
}
