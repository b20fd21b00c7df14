//! Opens a partition's folder and finds out what of it is whole.
//!
//! After a clean shutdown the indexes and `shutdown.json` are believed. Otherwise everything behind the
//! newest snapshot is read and verified: that is at least the segment that was being written, and
//! more only if the broker died before ended segments were on the disk. At the first batch that is
//! not whole the log ends; what follows is cut off and reported.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use uuid::Uuid;

use super::batch::BatchHeader;
use super::files;
use super::flusher::Flusher;
use super::index::{IndexFile, SegmentIndex, TimeEntry};
use super::partition::{PartitionFile, PartitionLog, ShutdownFile, State, Writer};
use super::producers::Producers;
use super::segment::{ActiveSegment, EndedSegment};
use super::waiters::Waiters;
use super::window::Window;

const VERIFY_WINDOW_BYTES: usize = 1 << 20;

/// Opens the partition in `dir`, which is made if it does not exist.
pub(crate) fn open(
    dir: PathBuf,
    topic_id: Uuid,
    flusher: Arc<Flusher>,
    now_ms: i64,
) -> io::Result<PartitionLog> {
    fs::create_dir_all(&dir)?;
    let partition: Option<PartitionFile> =
        files::read_json_or_warn(&dir.join(files::PARTITION_FILE));
    let log_start_offset = partition
        .as_ref()
        .map_or(0, |partition| partition.log_start_offset);
    let recovered = recover(&dir, log_start_offset, now_ms)?;
    let first_offset = recovered
        .ended
        .first()
        .map_or(recovered.active.base_offset, |ended| ended.base_offset);
    let log = PartitionLog {
        topic_id,
        writer: Mutex::new(Writer {
            producers: recovered.producers,
            unflushed: recovered.unflushed,
            closed: None,
        }),
        state: RwLock::new(State {
            log_start_offset: log_start_offset
                .max(first_offset)
                .min(recovered.next_offset),
            high_watermark: recovered.next_offset,
            ended: recovered.ended,
            active: recovered.active,
        }),
        waiters: Waiters::default(),
        flusher,
        dir: Arc::new(dir),
    };
    if partition.is_none() {
        // Not forced to the disk, which would make creating many partitions slow: a lost file only
        // costs the check for remains of another topic.
        files::write_json(&log.dir.join(files::PARTITION_FILE), &log.partition_file())?;
    }
    Ok(log)
}

/// Whether `dir` belongs to another topic of the same name, which was deleted.
pub(crate) fn is_of_another_topic(dir: &Path, topic_id: Uuid) -> bool {
    let partition: Option<PartitionFile> =
        files::read_json_or_warn(&dir.join(files::PARTITION_FILE));
    partition.is_some_and(|partition| partition.topic_id != topic_id)
}

struct Recovered {
    ended: Vec<Arc<EndedSegment>>,
    active: ActiveSegment,
    next_offset: i64,
    producers: Producers,
    /// Ended segments that may not be on the disk.
    unflushed: Vec<i64>,
}

fn recover(dir: &Path, log_start_offset: i64, now_ms: i64) -> io::Result<Recovered> {
    let bases = files::offsets_with_extension(dir, "log")?;
    let shutdown_path = dir.join(files::SHUTDOWN_FILE);
    let shutdown: Option<ShutdownFile> = files::read_json_or_warn(&shutdown_path);
    files::remove_if_present(&shutdown_path)?;
    let Some((&active_base, ended_bases)) = bases.split_last() else {
        return Ok(Recovered {
            ended: Vec::new(),
            active: ActiveSegment::create(dir, log_start_offset)?,
            next_offset: log_start_offset,
            producers: Producers::default(),
            unflushed: Vec::new(),
        });
    };
    if let Some(shutdown) = shutdown
        && let Some(recovered) = trust(dir, ended_bases, active_base, shutdown)?
    {
        return Ok(recovered);
    }
    verify(dir, &bases, now_ms)
}

/// The log as the clean shutdown left it, or `None` if the files do not look like it.
fn trust(
    dir: &Path,
    ended_bases: &[i64],
    active_base: i64,
    shutdown: ShutdownFile,
) -> io::Result<Option<Recovered>> {
    let size_bytes = fs::metadata(files::log_path(dir, active_base))?.len();
    let index = SegmentIndex::read(
        &files::index_path(dir, active_base),
        &files::time_index_path(dir, active_base),
        size_bytes,
    );
    let Some(index) = index.filter(|_| size_bytes == shutdown.active_size_bytes) else {
        return Ok(None);
    };
    let shared = Arc::new(dir.to_path_buf());
    let ended = load_ended(&shared, ended_bases, active_base)?;
    let active = ActiveSegment::reopen(dir, active_base, size_bytes, index)?;
    Ok(Some(Recovered {
        ended,
        active,
        next_offset: shutdown.log_end_offset,
        producers: shutdown.producers,
        unflushed: Vec::new(),
    }))
}

/// Ended segments by their indexes; an index that is missing or makes no sense is made anew.
fn load_ended(
    dir: &Arc<PathBuf>,
    bases: &[i64],
    next_base: i64,
) -> io::Result<Vec<Arc<EndedSegment>>> {
    let nexts = bases.iter().skip(1).copied().chain([next_base]);
    bases.iter().zip(nexts).map(|(&base_offset, next_offset)| {
        let size_bytes = fs::metadata(files::log_path(dir, base_offset))?.len();
        let index = files::index_path(dir, base_offset);
        let time_index = files::time_index_path(dir, base_offset);
        let latest = match SegmentIndex::read(&index, &time_index, size_bytes) {
            Some(_) => IndexFile::open::<TimeEntry>(&time_index)?.last()?,
            None => {
                tracing::warn!(partition = %dir.display(), offset = base_offset, "rebuild the index of a segment");
                let file = File::open(files::log_path(dir, base_offset))?;
                let mut scanned = scan(&file, base_offset, base_offset, |_| {})?;
                scanned.index.write(&index, &time_index)?;
                scanned.index.latest
            }
        };
        Ok(Arc::new(EndedSegment { dir: dir.clone(), base_offset, next_offset, size_bytes, latest }))
    }).collect()
}

/// Reads everything behind the newest snapshot, rebuilds its indexes and cuts off a torn tail.
fn verify(dir: &Path, bases: &[i64], now_ms: i64) -> io::Result<Recovered> {
    let (from, mut producers) = newest_snapshot(dir, bases)?;
    let (trusted, suspect) = bases.split_at(from);
    let shared = Arc::new(dir.to_path_buf());
    let mut ended = load_ended(
        &shared,
        trusted,
        suspect.first().copied().unwrap_or_default(),
    )?;
    let mut next_offset = suspect.first().copied().unwrap_or_default();
    for (at, &base_offset) in suspect.iter().enumerate() {
        let path = files::log_path(dir, base_offset);
        let file = OpenOptions::new().read(true).append(true).open(&path)?;
        let file_bytes = file.metadata()?.len();
        let scanned = scan(&file, base_offset, next_offset.max(base_offset), |header| {
            producers.remember(header, header.max_timestamp.min(now_ms));
        })?;
        next_offset = scanned.next_offset;
        let torn_bytes = file_bytes - scanned.whole_bytes;
        if torn_bytes > 0 {
            tracing::warn!(
                partition = %dir.display(), segment = base_offset, torn_bytes,
                log_end_offset = next_offset, reason = scanned.stopped_by,
                "cut a torn tail off the log"
            );
            file.set_len(scanned.whole_bytes)?;
        }
        let mut segment =
            ActiveSegment::reopen(dir, base_offset, scanned.whole_bytes, scanned.index)?;
        let following = &suspect[at + 1..];
        if following.is_empty() || torn_bytes > 0 {
            drop_following(dir, following)?;
            return Ok(Recovered {
                ended,
                active: segment,
                next_offset,
                producers,
                unflushed: suspect[..at].to_vec(),
            });
        }
        ended.push(Arc::new(segment.end(&shared, following[0])?));
    }
    Err(io::Error::other(
        "a partition without segments cannot be verified",
    ))
}

/// Segments behind a torn one are not part of the log any more.
fn drop_following(dir: &Path, bases: &[i64]) -> io::Result<()> {
    for &base_offset in bases {
        let path = files::log_path(dir, base_offset);
        let bytes = fs::metadata(&path)?.len();
        tracing::warn!(partition = %dir.display(), segment = base_offset, bytes, "drop a segment behind a torn one");
        fs::remove_file(path)?;
        files::remove_if_present(&files::snapshot_path(dir, base_offset))?;
    }
    Ok(())
}

/// The number of segments before the newest readable snapshot, and the producers in it.
fn newest_snapshot(dir: &Path, bases: &[i64]) -> io::Result<(usize, Producers)> {
    for offset in files::offsets_with_extension(dir, "snapshot")?
        .into_iter()
        .rev()
    {
        if let Ok(at) = bases.binary_search(&offset)
            && let Some(producers) = files::read_json_or_warn(&files::snapshot_path(dir, offset))
        {
            return Ok((at, producers));
        }
    }
    Ok((0, Producers::default()))
}

struct Scanned {
    index: SegmentIndex,
    whole_bytes: u64,
    next_offset: i64,
    stopped_by: String,
}

/// Reads a segment's batches, checksums included, up to the first that is not whole.
fn scan(
    file: &File,
    base_offset: i64,
    mut next_offset: i64,
    mut each: impl FnMut(&BatchHeader),
) -> io::Result<Scanned> {
    let end = file.metadata()?.len();
    let mut window = Window::new(file, end, VERIFY_WINDOW_BYTES);
    let mut index = SegmentIndex::default();
    let mut position = 0;
    let mut stopped_by = String::new();
    while let Some(header) = window.header(position)? {
        let header = match header {
            Ok(header) => BatchHeader::parse_checked(window.batch(position, header.size_bytes)?),
            Err(error) => Err(error),
        };
        match header {
            Ok(header) if header.base_offset >= next_offset => {
                index.add(base_offset, position, &header);
                position += header.size_bytes as u64;
                next_offset = header.next_offset();
                each(&header);
            }
            Ok(header) => {
                stopped_by = format!("offset {} after {next_offset}", header.base_offset);
                break;
            }
            Err(error) => {
                stopped_by = error.to_string();
                break;
            }
        }
    }
    Ok(Scanned {
        index,
        whole_bytes: position,
        next_offset,
        stopped_by,
    })
}
