use super::*;
use crate::log::{Retention, files};

fn segments(dir: &Path) -> Vec<i64> {
    files::offsets_with_extension(dir, "log").expect("a folder")
}

#[test]
fn old_segments_leave_by_age() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, SMALL_SEGMENTS);
    // The first segment's newest record has timestamp 140, the second's 290.
    let retention = Retention {
        age_ms: Some(1_000),
        size_bytes: None,
    };
    log.enforce(retention, 1_200).expect("enforced");
    assert_eq!(segments(&dir)[0], 45);
    assert_eq!(log.log_start_offset(), 45);
    assert!(matches!(
        read(&log, 44, 1),
        Err(ReadError::OutOfRange { .. })
    ));
    assert_eq!(read_all(&log).len(), 85);
    drop(log);
    assert_eq!(open(&dir).log_start_offset(), 45);
}

#[test]
fn everything_may_leave_and_offsets_go_on() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 10, SMALL_SEGMENTS);
    log.enforce(
        Retention {
            age_ms: Some(1),
            size_bytes: None,
        },
        1_000_000,
    )
    .expect("enforced");
    assert_eq!((log.log_start_offset(), log.high_watermark()), (30, 30));
    drop(log);
    let log = open(&dir);
    fill(&log, 1, SMALL_SEGMENTS);
    assert_eq!(offsets(&read_all(&log)), [30]);
}

#[test]
fn old_segments_leave_by_size() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, SMALL_SEGMENTS);
    log.enforce(
        Retention {
            age_ms: None,
            size_bytes: Some(50_000),
        },
        0,
    )
    .expect("enforced");
    assert!(
        log.size_bytes() >= 50_000,
        "never less than what is to be kept"
    );
    assert_eq!(segments(&dir), [135, 180, 225, 270]);
}

#[test]
fn records_are_deleted_up_to_an_offset() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    fill(&log, 100, SMALL_SEGMENTS);
    assert_eq!(log.delete_before(301).expect("no fault of the disk"), None);
    assert_eq!(log.delete_before(100).expect("deleted"), Some(100));
    assert_eq!(segments(&dir)[0], 90);
    assert_eq!(log.delete_before(50).expect("nothing to do"), Some(100));
    drop(log);
    assert_eq!(open(&dir).log_start_offset(), 100);
}
