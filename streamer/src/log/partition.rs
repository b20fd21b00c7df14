//! One partition's log: appends, one writer at a time, and what readers see of it.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use super::batch::{BatchHeader, HEADER_BYTES, StampedHeader};
use super::files;
use super::flusher::{Ended, Flusher, sync_segment};
use super::producers::{Admission, ProducerError, Producers};
use super::segment::{ActiveSegment, EndedSegment};
use super::waiters::Waiters;

pub(crate) struct PartitionLog {
    pub(super) dir: Arc<PathBuf>,
    pub(super) topic_id: Uuid,
    pub(super) writer: Mutex<Writer>,
    pub(super) state: RwLock<State>,
    pub(super) waiters: Waiters,
    pub(super) flusher: Arc<Flusher>,
}

/// What only an append changes; held locked through its write.
pub(super) struct Writer {
    pub(super) producers: Producers,
    /// Ended segments that no one forces to the disk yet, by base offset.
    pub(super) unflushed: Vec<i64>,
    /// Why nothing can be appended any more.
    pub(super) closed: Option<AppendError>,
}

/// What readers see: changed in one step after the bytes are in the file. A reader holds the lock
/// only to look up where to read, never while it reads.
pub(super) struct State {
    pub(super) ended: Vec<Arc<EndedSegment>>,
    pub(super) active: ActiveSegment,
    pub(super) log_start_offset: i64,
    /// The offset after the last record. On one node all that is written is committed, so this is
    /// log end, high watermark and, as there are no transactions, last stable offset at once.
    pub(super) high_watermark: i64,
}

/// The content of `partition.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct PartitionFile {
    pub(super) topic_id: Uuid,
    pub(super) log_start_offset: i64,
}

/// The content of `shutdown.json`: the log as it was left, so that it need not be verified.
#[derive(Serialize, Deserialize)]
pub(super) struct ShutdownFile {
    pub(super) log_end_offset: i64,
    pub(super) active_size_bytes: u64,
    pub(super) producers: Producers,
}

/// What a topic's configuration says about an append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendRules {
    pub(crate) segment_bytes: u64,
    pub(crate) log_append_time: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// The time the broker gave the records, if the topic wants that.
    pub(crate) log_append_time: Option<i64>,
    pub(crate) log_start_offset: i64,
    /// The batch was in the log before: nothing was written.
    pub(crate) duplicate: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(crate) enum AppendError {
    #[error(transparent)]
    Producer(#[from] ProducerError),
    #[error("the partition was deleted")]
    Deleted,
    #[error("the partition's file cannot be written")]
    Storage,
    #[error("the broker is shutting down")]
    Shutdown,
}

impl PartitionLog {
    /// Appends a batch that [`BatchHeader::parse_checked`] accepted. When this returns, the batch
    /// is in the file and readers see it.
    pub(crate) fn append(
        &self,
        batch: &[u8],
        mut header: BatchHeader,
        rules: AppendRules,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let mut writer = self.writer.lock();
        if let Some(closed) = writer.closed {
            return Err(closed);
        }
        if header.is_idempotent()
            && let Admission::Duplicate(stored) = writer.producers.admit(&header)?
        {
            return Ok(Appended {
                base_offset: stored.base_offset,
                log_append_time: None,
                log_start_offset: self.log_start_offset(),
                duplicate: true,
            });
        }
        header.base_offset = self.high_watermark();
        self.roll_if_full(&mut writer, &header, rules)?;
        let log_append_time = rules.log_append_time.then_some(now_ms);
        if let Some(timestamp) = log_append_time {
            header.max_timestamp = timestamp;
        }
        self.write(&mut writer, batch, &header, log_append_time)?;
        let log_start_offset = self.publish(&header);
        writer.producers.remember(&header, now_ms);
        drop(writer);
        self.waiters.wake_all();
        let base_offset = header.base_offset;
        Ok(Appended {
            base_offset,
            log_append_time,
            log_start_offset,
            duplicate: false,
        })
    }

    /// One gathering write of the stamped header and the producer's bytes. What a failed write left
    /// behind is cut off; if even that fails the partition takes no more.
    fn write(
        &self,
        writer: &mut Writer,
        batch: &[u8],
        header: &BatchHeader,
        log_append_time: Option<i64>,
    ) -> Result<(), AppendError> {
        let records = &batch[HEADER_BYTES..];
        let mut stamped =
            StampedHeader::new(batch, header.base_offset).ok_or(AppendError::Storage)?;
        if let Some(timestamp) = log_append_time {
            stamped.set_log_append_time(timestamp, records);
        }
        let (file, size_bytes) = self.active_end();
        let written = write_all(
            &file,
            &mut [IoSlice::new(&stamped.0), IoSlice::new(records)],
        );
        written.map_err(|error| {
            tracing::error!(partition = %self.dir.display(), %error, "cannot append");
            if let Err(error) = file.set_len(size_bytes) {
                tracing::error!(partition = %self.dir.display(), %error, "cannot undo an append");
                writer.closed = Some(AppendError::Storage);
            }
            AppendError::Storage
        })
    }

    /// Makes the batch at the end of the active file visible.
    fn publish(&self, header: &BatchHeader) -> i64 {
        let mut state = self.state.write();
        let active = &mut state.active;
        active
            .index
            .add(active.base_offset, active.size_bytes, header);
        active.size_bytes += header.size_bytes as u64;
        state.high_watermark = header.next_offset();
        state.log_start_offset
    }

    fn roll_if_full(
        &self,
        writer: &mut Writer,
        header: &BatchHeader,
        rules: AppendRules,
    ) -> Result<(), AppendError> {
        let full = {
            let active = &self.state.read().active;
            let offsets = header.last_offset() - active.base_offset;
            active.size_bytes > 0
                && (active.size_bytes + header.size_bytes as u64 > rules.segment_bytes
                    || offsets > i64::from(u32::MAX))
        };
        if !full {
            return Ok(());
        }
        self.roll(writer).map_err(|error| {
            tracing::error!(partition = %self.dir.display(), %error, "cannot begin a segment");
            AppendError::Storage
        })
    }

    /// Ends the active segment and begins the next one.
    pub(super) fn roll(&self, writer: &mut Writer) -> io::Result<()> {
        let next_offset = self.high_watermark();
        let ended = self.state.write().active.end(&self.dir, next_offset)?;
        let next = ActiveSegment::create(&self.dir, next_offset)?;
        let base_offset = ended.base_offset;
        {
            let mut state = self.state.write();
            state.ended.push(Arc::new(ended));
            state.active = next;
        }
        writer.unflushed.push(base_offset);
        let accepted = self.flusher.accepts(Ended {
            dir: self.dir.to_path_buf(),
            base_offsets: writer.unflushed.clone(),
            next_offset,
            producers: writer.producers.clone(),
        });
        if accepted {
            writer.unflushed.clear();
        }
        Ok(())
    }

    fn active_end(&self) -> (Arc<File>, u64) {
        let active = &self.state.read().active;
        (active.file.clone(), active.size_bytes)
    }

    pub(crate) fn high_watermark(&self) -> i64 {
        self.state.read().high_watermark
    }

    pub(crate) fn log_start_offset(&self) -> i64 {
        self.state.read().log_start_offset
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        let state = self.state.read();
        state.active.size_bytes
            + state
                .ended
                .iter()
                .map(|ended| ended.size_bytes)
                .sum::<u64>()
    }

    /// Has `waiter` notified by the next append.
    pub(crate) fn wake_on_append(&self, waiter: &Arc<Notify>) {
        self.waiters.register(waiter);
    }

    /// Forces what is written so far to the disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let unflushed = std::mem::take(&mut self.writer.lock().unflushed);
        self.sync(&unflushed)
    }

    fn sync(&self, unflushed: &[i64]) -> io::Result<()> {
        unflushed
            .iter()
            .try_for_each(|&base_offset| sync_segment(&self.dir, base_offset))?;
        self.active_end().0.sync_data()
    }

    /// Takes no more appends, and leaves the folder so that the next start need not verify it.
    pub(crate) fn close(&self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        if writer.closed.replace(AppendError::Shutdown).is_some() {
            return Ok(());
        }
        self.sync(&std::mem::take(&mut writer.unflushed))?;
        let mut state = self.state.write();
        let high_watermark = state.high_watermark;
        state.active.end(&self.dir, high_watermark)?;
        let shutdown = ShutdownFile {
            log_end_offset: high_watermark,
            active_size_bytes: state.active.size_bytes,
            producers: writer.producers.clone(),
        };
        files::replace_json(&self.dir.join(files::SHUTDOWN_FILE), &shutdown)
    }

    /// Takes no more appends because the topic is gone; readers that hold files may finish.
    pub(crate) fn mark_deleted(&self) {
        self.writer.lock().closed = Some(AppendError::Deleted);
        self.waiters.wake_all();
    }
}

/// `write_all_vectored` of the standard library is not stable yet.
fn write_all(mut file: &File, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
