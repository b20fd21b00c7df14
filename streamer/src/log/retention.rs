//! Drops the oldest segments: because they are too old, too many, or because someone asked.

use std::fs;
use std::io;
use std::sync::Arc;

use super::files;
use super::partition::{PartitionFile, PartitionLog};
use super::segment::EndedSegment;

/// How long and how much a topic keeps; `None` is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    pub(crate) age_ms: Option<i64>,
    pub(crate) size_bytes: Option<u64>,
}

impl PartitionLog {
    /// Drops whole segments from the beginning while the rest still keeps what `retention` says.
    pub(crate) fn enforce(&self, retention: Retention, now_ms: i64) -> io::Result<()> {
        let expired = |timestamp: i64| {
            retention
                .age_ms
                .is_some_and(|age_ms| timestamp < now_ms - age_ms)
        };
        let mut writer = self.writer.lock();
        if writer.closed.is_some() {
            return Ok(());
        }
        let newest = self.state.read().active.index.latest;
        if newest.is_some_and(|newest| expired(newest.timestamp)) {
            self.roll(&mut writer)?;
        }
        let dropped = {
            let mut state = self.state.write();
            let mut excess = match retention.size_bytes {
                Some(kept) => {
                    let ended: u64 = state.ended.iter().map(|segment| segment.size_bytes).sum();
                    (ended + state.active.size_bytes).saturating_sub(kept)
                }
                None => 0,
            };
            let kept_from = state.ended.iter().position(|segment| {
                let too_old = segment
                    .latest
                    .is_some_and(|latest| expired(latest.timestamp));
                let too_much = excess >= segment.size_bytes;
                excess = excess.saturating_sub(segment.size_bytes);
                !too_old && !too_much
            });
            let kept_from = kept_from.unwrap_or(state.ended.len());
            let dropped: Vec<_> = state.ended.drain(..kept_from).collect();
            if let Some(last) = dropped.last() {
                state.log_start_offset = state.log_start_offset.max(last.next_offset);
            }
            dropped
        };
        if dropped.is_empty() {
            return Ok(());
        }
        self.write_partition_file()?;
        self.remove(&dropped)
    }

    /// Makes `offset` the first one that can be read; segments wholly before it are dropped.
    /// Returns the log start offset, or `None` if `offset` is not in the log.
    pub(crate) fn delete_before(&self, offset: i64) -> io::Result<Option<i64>> {
        let _writer = self.writer.lock();
        let dropped: Vec<_> = {
            let mut state = self.state.write();
            if offset > state.high_watermark {
                return Ok(None);
            }
            state.log_start_offset = state.log_start_offset.max(offset);
            let start = state.log_start_offset;
            let kept_from = state
                .ended
                .partition_point(|segment| segment.next_offset <= start);
            state.ended.drain(..kept_from).collect()
        };
        self.write_partition_file()?;
        self.remove(&dropped)?;
        Ok(Some(self.log_start_offset()))
    }

    fn write_partition_file(&self) -> io::Result<()> {
        files::replace_json(
            &self.dir.join(files::PARTITION_FILE),
            &self.partition_file(),
        )
    }

    pub(super) fn partition_file(&self) -> PartitionFile {
        PartitionFile {
            topic_id: self.topic_id,
            log_start_offset: self.log_start_offset(),
        }
    }

    fn remove(&self, dropped: &[Arc<EndedSegment>]) -> io::Result<()> {
        for segment in dropped {
            tracing::info!(
                partition = %self.dir.display(), from = segment.base_offset,
                to = segment.next_offset, "drop a segment"
            );
            fs::remove_file(files::log_path(&self.dir, segment.base_offset))?;
            files::remove_if_present(&files::index_path(&self.dir, segment.base_offset))?;
            files::remove_if_present(&files::time_index_path(&self.dir, segment.base_offset))?;
            files::remove_if_present(&files::snapshot_path(&self.dir, segment.base_offset))?;
        }
        Ok(())
    }
}
