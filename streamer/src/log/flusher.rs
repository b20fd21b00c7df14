//! Puts ended segments on the disk, off the path of the appends.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::files;
use super::producers::Producers;

/// Ended segments that may wait for the disk; beyond that, appends that end a segment wait too.
const QUEUE: usize = 64;
/// Snapshots kept in a partition: the newest, and one more should it be unreadable.
const KEPT_SNAPSHOTS: usize = 2;

/// A segment that ended at `next_offset`, and the producers as they were then.
pub(crate) struct Ended {
    pub(crate) dir: PathBuf,
    pub(crate) base_offset: i64,
    pub(crate) next_offset: i64,
    pub(crate) producers: Producers,
}

/// The thread that flushes. Dropping it finishes what is queued.
pub(crate) struct Flusher {
    sender: Option<SyncSender<Ended>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Flusher {
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, receiver) = sync_channel::<Ended>(QUEUE);
        let thread = std::thread::Builder::new()
            .name("streamer-flush".into())
            .spawn(move || {
                for ended in receiver {
                    match flush(&ended) {
                        // The topic was deleted meanwhile.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        Err(error) => tracing::error!(
                            partition = %ended.dir.display(), offset = ended.base_offset, %error,
                            "cannot flush a segment to the disk"
                        ),
                        Ok(()) => {}
                    }
                }
            })?;
        Ok(Flusher {
            sender: Some(sender),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn segment_ended(&self, ended: Ended) {
        if let Some(sender) = &self.sender
            && sender.send(ended).is_err()
        {
            tracing::error!(
                "the flushing thread is gone; ended segments are not forced to the disk"
            );
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the flushing thread panicked");
        }
    }
}

fn flush(ended: &Ended) -> io::Result<()> {
    File::open(files::log_path(&ended.dir, ended.base_offset))?.sync_data()?;
    File::open(files::index_path(&ended.dir, ended.base_offset))?.sync_data()?;
    File::open(files::time_index_path(&ended.dir, ended.base_offset))?.sync_data()?;
    // Written after everything before it is on the disk: that is what a snapshot promises. Writing it
    // also puts the folder's entries there.
    files::replace_json(
        &files::snapshot_path(&ended.dir, ended.next_offset),
        &ended.producers,
    )?;
    let snapshots = files::offsets_with_extension(&ended.dir, "snapshot")?;
    for old in snapshots.iter().rev().skip(KEPT_SNAPSHOTS) {
        fs::remove_file(files::snapshot_path(&ended.dir, *old))?;
    }
    Ok(())
}
