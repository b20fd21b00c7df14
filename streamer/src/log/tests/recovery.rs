use std::fs;

use super::*;
use crate::log::files;

/// A log of seven segments of which nothing was closed properly, as after `kill -9`.
fn killed(dir: &Path) {
    let log = open(dir);
    fill(&log, 100, SMALL_SEGMENTS);
}

fn segment(dir: &Path, base_offset: i64) -> PathBuf {
    files::log_path(dir, base_offset)
}

#[test]
fn a_clean_shutdown_needs_no_verification_and_loses_nothing() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, SMALL_SEGMENTS);
    append(&log, &idempotent_batch(1, 0, b"x", 9, 0, 0), SMALL_SEGMENTS).expect("appended");
    log.close().expect("closed");
    assert_eq!(
        append(&log, &batch(1, 0, b""), RULES),
        Err(AppendError::Shutdown)
    );
    drop(log);
    // A byte that verification would stumble over shows that the marker is believed.
    overwrite(&segment(&dir, 270), 100, b"?");
    let log = open(&dir);
    assert_eq!(log.high_watermark(), 301);
    let again = append(&log, &idempotent_batch(1, 0, b"x", 9, 0, 0), RULES).expect("known");
    assert!(again.duplicate);
    assert!(
        !dir.join(files::SHUTDOWN_FILE).exists(),
        "believed only once"
    );
}

#[test]
fn a_killed_broker_finds_everything_it_acked() {
    let (_parent, dir) = folder();
    killed(&dir);
    let log = open(&dir);
    assert_eq!(log.high_watermark(), 300);
    assert_eq!(read_all(&log).len(), 100);
    fill(&log, 1, RULES);
    assert_eq!(log.high_watermark(), 303);
}

#[test]
fn a_torn_tail_is_cut_off() {
    let (_parent, dir) = folder();
    killed(&dir);
    let path = segment(&dir, 270);
    let whole = fs::metadata(&path).expect("the file").len();
    let torn = OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("the file");
    torn.set_len(whole - 17).expect("cut");
    let log = open(&dir);
    assert_eq!(log.high_watermark(), 297, "the last batch is gone");
    assert_eq!(fs::metadata(&path).expect("the file").len(), whole - 1_061);
    fill(&log, 1, RULES);
    assert_eq!(offsets(&read(&log, 297, 1).expect("readable")), [297]);
}

#[test]
fn garbage_behind_the_last_batch_is_cut_off() {
    let (_parent, dir) = folder();
    killed(&dir);
    let whole = fs::metadata(segment(&dir, 270)).expect("the file").len();
    overwrite(&segment(&dir, 270), whole, &[0; 4096]);
    assert_eq!(open(&dir).high_watermark(), 300);
    assert_eq!(
        fs::metadata(segment(&dir, 270)).expect("the file").len(),
        whole
    );
}

#[test]
fn damage_before_the_newest_snapshot_is_not_looked_for_but_behind_it_ends_the_log() {
    let (_parent, dir) = folder();
    killed(&dir);
    // As if the broker had died before the last segments were on the disk.
    for offset in files::offsets_with_extension(&dir, "snapshot").expect("a folder") {
        fs::remove_file(files::snapshot_path(&dir, offset)).expect("removed");
    }
    overwrite(&segment(&dir, 180), 1_061 + 100, b"?");
    let log = open(&dir);
    assert_eq!(log.high_watermark(), 183);
    assert_eq!(
        files::offsets_with_extension(&dir, "log").expect("a folder"),
        [0, 45, 90, 135, 180]
    );
    assert_eq!(read_all(&log).len(), 61);
}

#[test]
fn producers_are_known_after_a_kill() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    append(
        &log,
        &idempotent_batch(1, 0, b"early", 1, 0, 0),
        SMALL_SEGMENTS,
    )
    .expect("appended");
    fill(&log, 40, SMALL_SEGMENTS);
    append(
        &log,
        &idempotent_batch(1, 0, b"late", 2, 0, 0),
        SMALL_SEGMENTS,
    )
    .expect("appended");
    drop(log);
    let log = open(&dir);
    // One is known from a snapshot, the other from the batches behind it.
    for (id, payload, offset) in [(1, b"early".as_slice(), 0), (2, b"late".as_slice(), 121)] {
        let again = append(&log, &idempotent_batch(1, 0, payload, id, 0, 0), RULES).expect("known");
        assert_eq!((again.duplicate, again.base_offset), (true, offset));
    }
}

#[test]
fn missing_and_damaged_indexes_are_made_anew() {
    let (_parent, dir) = folder();
    killed(&dir);
    fs::remove_file(files::index_path(&dir, 45)).expect("removed");
    fs::write(files::time_index_path(&dir, 90), b"nonsense").expect("written");
    let log = open(&dir);
    assert_eq!(read_all(&log).len(), 100);
    assert_eq!(offsets(&read(&log, 80, 1).expect("readable")), [78]);
    let found = log.first_since(310).expect("readable").expect("a record");
    assert_eq!(found.offset, 93);
}

#[test]
fn an_unreadable_marker_or_snapshot_is_as_good_as_none() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, SMALL_SEGMENTS);
    log.close().expect("closed");
    drop(log);
    fs::write(dir.join(files::SHUTDOWN_FILE), b"{").expect("written");
    for offset in files::offsets_with_extension(&dir, "snapshot").expect("a folder") {
        fs::write(files::snapshot_path(&dir, offset), b"{").expect("written");
    }
    assert_eq!(open(&dir).high_watermark(), 300);
}
