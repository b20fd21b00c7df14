//! Offsets by time.
//!
//! In an uncompressed batch the very record is found. The records of a compressed batch are not
//! decoded: the batch answers with its first offset, so a consumer that starts there sees every record
//! it asked for and may see some that are older.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::batch::BatchHeader;
use super::partition::PartitionLog;
use super::records::offsets_and_timestamps;
use super::window::Window;

const SCAN_WINDOW_BYTES: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimedOffset {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
}

impl PartitionLog {
    /// The first record whose timestamp is `timestamp` or later.
    pub(crate) fn first_since(&self, timestamp: i64) -> io::Result<Option<TimedOffset>> {
        let Some((base_offset, before)) = self.segment_since(timestamp)? else {
            return Ok(None);
        };
        let log_start_offset = self.log_start_offset();
        let from = (base_offset + i64::from(before)).max(log_start_offset);
        let found = self.scan(from, |header| {
            header.max_timestamp >= timestamp && header.last_offset() >= log_start_offset
        })?;
        let Some((header, batch)) = found else {
            return Ok(None);
        };
        let timestamp_of_all = header.is_log_append_time().then_some(header.max_timestamp);
        let whole_batch = TimedOffset {
            offset: header.base_offset.max(log_start_offset),
            timestamp: timestamp_of_all.unwrap_or(header.base_timestamp),
        };
        if header.compression() != 0 || timestamp_of_all.is_some() {
            return Ok(Some(whole_batch));
        }
        let record = offsets_and_timestamps(&header, &batch)
            .find(|&(offset, found)| found >= timestamp && offset >= log_start_offset)
            .map(|(offset, timestamp)| TimedOffset { offset, timestamp });
        Ok(Some(record.unwrap_or(whole_batch)))
    }

    /// The record with the largest timestamp; of a compressed batch its last record.
    pub(crate) fn latest_timestamp(&self) -> io::Result<Option<TimedOffset>> {
        let newest = {
            let state = self.state.read();
            let active = state
                .active
                .index
                .latest
                .map(|latest| (state.active.base_offset, latest));
            let ended = state
                .ended
                .iter()
                .filter_map(|segment| Some((segment.base_offset, segment.latest?)));
            // Of equal timestamps the earliest offset answers, as in Apache Kafka.
            ended.chain(active).reduce(|best, next| {
                if next.1.timestamp > best.1.timestamp {
                    next
                } else {
                    best
                }
            })
        };
        let Some((base_offset, latest)) = newest else {
            return Ok(None);
        };
        let last_offset = base_offset + i64::from(latest.relative_offset);
        let shallow = TimedOffset {
            offset: last_offset,
            timestamp: latest.timestamp,
        };
        match self.scan(last_offset, |header| header.last_offset() >= last_offset)? {
            Some((header, batch)) if header.compression() == 0 => {
                let exact = offsets_and_timestamps(&header, &batch)
                    .find(|&(_, timestamp)| timestamp == latest.timestamp)
                    .map(|(offset, timestamp)| TimedOffset { offset, timestamp });
                Ok(Some(exact.unwrap_or(shallow)))
            }
            _ => Ok(Some(shallow)),
        }
    }

    /// The first segment that has something as late as `timestamp`, and an offset in it, relative to
    /// its base, up to which everything is earlier.
    fn segment_since(&self, timestamp: i64) -> io::Result<Option<(i64, u32)>> {
        let state = self.state.read();
        let ended = state
            .ended
            .iter()
            .find(|segment| {
                segment
                    .latest
                    .is_some_and(|latest| latest.timestamp >= timestamp)
            })
            .cloned();
        let Some(segment) = ended else {
            let active = &state.active;
            let late = active
                .index
                .latest
                .is_some_and(|latest| latest.timestamp >= timestamp);
            return Ok(late.then(|| (active.base_offset, active.index.before(timestamp))));
        };
        drop(state);
        Ok(Some((segment.base_offset, segment.before(timestamp)?)))
    }

    /// The first batch from offset `from` on, in the segment that holds it, that `wanted` accepts.
    fn scan(
        &self,
        from: i64,
        wanted: impl FnMut(&BatchHeader) -> bool,
    ) -> io::Result<Option<(BatchHeader, Vec<u8>)>> {
        let Some(located) = self.locate(from)? else {
            return Ok(None);
        };
        let file: Arc<File> = located.file;
        let mut window = Window::new(&file, located.end, SCAN_WINDOW_BYTES);
        let Some((position, header)) = window.find(located.floor, wanted)? else {
            return Ok(None);
        };
        let batch = window.batch(position, header.size_bytes)?.to_vec();
        Ok(Some((header, batch)))
    }
}
