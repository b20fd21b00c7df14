use super::*;
use crate::log::TimedOffset;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record,
    RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};

/// A batch as a client makes it, with a record for each timestamp.
fn records(timestamps: &[i64]) -> Bytes {
    let records: Vec<Record> = (0i64..)
        .zip(timestamps)
        .map(|(offset, &timestamp)| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            timestamp_type: TimestampType::Creation,
            offset,
            // The encoder begins a new batch where offset and sequence do not go together.
            sequence: NO_SEQUENCE + offset as i32,
            timestamp,
            key: None,
            value: Some(Bytes::from(vec![b'v'; 500])),
            headers: Default::default(),
        })
        .collect();
    let mut bytes = bytes::BytesMut::new();
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    RecordBatchEncoder::encode(&mut bytes, &records, &options).expect("a batch");
    bytes.freeze()
}

fn at(offset: i64, timestamp: i64) -> Option<TimedOffset> {
    Some(TimedOffset { offset, timestamp })
}

#[test]
fn a_time_leads_to_the_very_record() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    for start in (0..10_000).step_by(100) {
        let timestamps = [start, start + 30, start + 60];
        append(&log, &records(&timestamps), SMALL_SEGMENTS).expect("appended");
    }
    for (timestamp, expected) in [
        (0, at(0, 0)),
        (30, at(1, 30)),
        (31, at(2, 60)),
        (61, at(3, 100)),
        (4_930, at(148, 4_930)),
        (9_960, at(299, 9_960)),
        (9_961, None),
    ] {
        assert_eq!(
            log.first_since(timestamp).expect("readable"),
            expected,
            "{timestamp}"
        );
    }
    assert_eq!(log.latest_timestamp().expect("readable"), at(299, 9_960));
}

#[test]
fn times_need_not_be_in_order() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    append(&log, &records(&[500, 900, 100]), RULES).expect("appended");
    append(&log, &records(&[200, 300]), RULES).expect("appended");
    assert_eq!(log.first_since(600).expect("readable"), at(1, 900));
    assert_eq!(log.first_since(150).expect("readable"), at(0, 500));
    assert_eq!(log.latest_timestamp().expect("readable"), at(1, 900));
}

#[test]
fn an_empty_log_has_no_times() {
    let (_parent, dir) = folder();
    let log = open(&dir);
    assert_eq!(log.first_since(0).expect("readable"), None);
    assert_eq!(log.latest_timestamp().expect("readable"), None);
}
