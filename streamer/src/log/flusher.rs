//! Puts ended segments on the disk, off the path of the appends.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::files;
use super::producers::Producers;

/// Partitions whose ended segments may wait for the disk. Beyond that, segments stay on their
/// partition's list and go with the next one that ends: no append ever waits for the disk.
const QUEUE: usize = 64;
/// Snapshots kept in a partition: the newest, and one more should it be unreadable.
const KEPT_SNAPSHOTS: usize = 2;

/// Segments of a partition that ended, the last at `next_offset`, and the producers as they were then.
pub(crate) struct Ended {
    pub(crate) dir: PathBuf,
    pub(crate) base_offsets: Vec<i64>,
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
                            partition = %ended.dir.display(), offset = ended.next_offset, %error,
                            "cannot flush segments to the disk"
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

    /// Whether the segments will be flushed; if not, there are too many before them.
    pub(crate) fn accepts(&self, ended: Ended) -> bool {
        self.sender
            .as_ref()
            .is_some_and(|sender| sender.try_send(ended).is_ok())
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
    for &base_offset in &ended.base_offsets {
        sync_segment(&ended.dir, base_offset)?;
    }
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

/// Forces an ended segment to the disk, if retention has not dropped it meanwhile.
pub(super) fn sync_segment(dir: &Path, base_offset: i64) -> io::Result<()> {
    let parts = [files::log_path, files::index_path, files::time_index_path];
    for path in parts.map(|path| path(dir, base_offset)) {
        match File::open(path) {
            Ok(file) => file.sync_data()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
