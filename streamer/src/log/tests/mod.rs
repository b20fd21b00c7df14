//! The log as a whole: what is read back after appends, restarts and accidents.

mod lookup;
mod recovery;
mod retention;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use uuid::Uuid;

use super::batch::BatchHeader;
use super::batch::tests::{batch, idempotent_batch};
use super::{AppendError, AppendRules, Appended, Flusher, PartitionLog, ProducerError, ReadError};

const RULES: AppendRules = AppendRules {
    segment_bytes: 1 << 20,
    log_append_time: false,
};
const SMALL_SEGMENTS: AppendRules = AppendRules {
    segment_bytes: 16_384,
    log_append_time: false,
};
const TOPIC: Uuid = Uuid::from_u128(7);

fn folder() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().expect("a folder");
    let partition = parent.path().join("topic-0");
    (parent, partition)
}

/// Opens the partition with a flusher of its own, so that dropping the log ends all its writes.
fn open(dir: &Path) -> PartitionLog {
    let flusher = Arc::new(Flusher::start().expect("a thread"));
    super::open(dir.to_path_buf(), TOPIC, flusher, 0).expect("a log")
}

fn append(log: &PartitionLog, batch: &Bytes, rules: AppendRules) -> Result<Appended, AppendError> {
    let header = BatchHeader::parse_checked(batch).expect("a good batch");
    log.append(batch, header, rules, 5_000)
}

/// Appends `count` batches of 3 records and 1,000 bytes, timestamps 0, 10, 20…
fn fill(log: &PartitionLog, count: i64, rules: AppendRules) {
    for at in 0..count {
        append(log, &batch(3, at * 10, &[0; 1000]), rules).expect("appended");
    }
}

fn read(log: &PartitionLog, offset: i64, max_bytes: u64) -> Result<Vec<BatchHeader>, ReadError> {
    let plan = log.plan_read(offset, max_bytes, true)?;
    let Some(range) = plan.range else {
        return Ok(Vec::new());
    };
    let mut bytes = vec![0; range.length as usize];
    range.file.read_exact_at(&mut bytes, range.position)?;
    let mut headers = Vec::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let header = BatchHeader::parse_checked(rest).map_err(io::Error::other)?;
        rest = &rest[header.size_bytes..];
        headers.push(header);
    }
    Ok(headers)
}

/// Every batch of the log, in order, as a consumer would come by them.
fn read_all(log: &PartitionLog) -> Vec<BatchHeader> {
    let mut all: Vec<BatchHeader> = Vec::new();
    let mut offset = log.log_start_offset();
    loop {
        let headers = read(log, offset, 10_000).expect("readable");
        let Some(last) = headers.last() else {
            return all;
        };
        offset = last.next_offset();
        all.extend(headers);
    }
}

fn offsets(headers: &[BatchHeader]) -> Vec<i64> {
    headers.iter().map(|header| header.base_offset).collect()
}

fn overwrite(path: &Path, position: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).expect("the file");
    file.write_all_at(bytes, position).expect("written");
}

#[test]
fn batches_are_read_back_with_their_offsets() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, RULES);
    assert_eq!(log.high_watermark(), 300);
    let expected: Vec<i64> = (0..100).map(|at| at * 3).collect();
    assert_eq!(offsets(&read_all(&log)), expected);
    // An offset inside a batch gives the whole batch.
    assert_eq!(offsets(&read(&log, 151, 1).expect("readable")), [150]);
    assert!(
        read(&log, 300, 1)
            .expect("the end is a place to wait at")
            .is_empty()
    );
}

#[test]
fn reads_give_whole_batches_within_their_limit() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, RULES);
    for max_bytes in [1_061, 5_000, 9_000, 20_000, 100_000, 1_000_000] {
        let length: usize = read(&log, 30, max_bytes)
            .expect("readable")
            .iter()
            .map(|header| header.size_bytes)
            .sum();
        assert!(
            length > 0 && length as u64 <= max_bytes,
            "{length} of {max_bytes}"
        );
    }
    let nothing = log.plan_read(30, 1_000, false).expect("readable");
    assert!(
        nothing.range.is_none(),
        "a batch that does not fit is left for the next request"
    );
}

#[test]
fn segments_roll_and_are_read_across() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, SMALL_SEGMENTS);
    let segments = super::files::offsets_with_extension(&dir, "log").expect("a folder");
    assert_eq!(segments, [0, 45, 90, 135, 180, 225, 270]);
    assert_eq!(read_all(&log).len(), 100);
    assert_eq!(offsets(&read(&log, 136, 1).expect("readable")), [135]);
}

#[test]
fn offsets_outside_the_log_are_refused() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 1, RULES);
    for offset in [-1, 4] {
        match read(&log, offset, 100) {
            Err(ReadError::OutOfRange {
                high_watermark: 3,
                log_start_offset: 0,
            }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_retried_batch_is_stored_once() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    append(&log, &batch(5, 0, b"other"), RULES).expect("appended");
    let first = idempotent_batch(2, 0, b"mine", 1, 0, 0);
    assert_eq!(
        append(&log, &first, RULES).map(|appended| appended.base_offset),
        Ok(5)
    );
    let again = append(&log, &first, RULES).expect("a duplicate is no error");
    assert_eq!((again.base_offset, again.duplicate), (5, true));
    assert_eq!(log.high_watermark(), 7);
    let gap = idempotent_batch(2, 0, b"mine", 1, 0, 4);
    assert_eq!(
        append(&log, &gap, RULES),
        Err(AppendError::Producer(ProducerError::OutOfOrder))
    );
}

#[test]
fn the_broker_can_set_the_time() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    let rules = AppendRules {
        log_append_time: true,
        ..RULES
    };
    let appended = append(&log, &batch(2, 1, b"records"), rules).expect("appended");
    assert_eq!(appended.log_append_time, Some(5_000));
    let stored = read_all(&log);
    assert!(stored[0].is_log_append_time() && stored[0].max_timestamp == 5_000);
}

#[tokio::test]
async fn an_append_wakes_who_waits() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    let waiter = Arc::new(tokio::sync::Notify::new());
    log.wake_on_append(&waiter);
    fill(&log, 1, RULES);
    waiter.notified().await;
}

#[test]
fn a_deleted_partition_takes_no_more() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    log.mark_deleted();
    assert_eq!(
        append(&log, &batch(1, 0, b""), RULES),
        Err(AppendError::Deleted)
    );
}
