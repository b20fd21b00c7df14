//! What services answer, for tests.

use contract::{
    Check, MessageId, Readiness, Stage, Timestamp,
    cluster::{
        GroupPartitionView, GroupView, MemberView, PartitionView, TopicPartition, TopicView,
    },
    record::{HeaderView, RecordView},
    status::{MessageLife, StageReached, StatusSummary},
};

const START_MICROS: i64 = 1_769_851_800_123_456;

/// The record at an offset of the topic `orders`.
pub(super) fn record(offset: i64, value: &str) -> RecordView {
    RecordView {
        id: MessageId::of_record("orders", 0, offset),
        topic: "orders".to_owned(),
        partition: 0,
        offset,
        timestamp: Some(START_MICROS / 1000 + offset),
        key: Some("a/b".to_owned()),
        key_encoding: Default::default(),
        value: Some(value.to_owned()),
        value_encoding: Default::default(),
        headers: vec![HeaderView {
            name: "content-type".to_owned(),
            value: Some("application/json".to_owned()),
            value_encoding: Default::default(),
        }],
    }
}

/// Of a message that is consumed, and not indexed yet.
pub(super) fn life(id: MessageId) -> MessageLife {
    let reached = |stage, component: &str, micros, took_us| StageReached {
        stage,
        at: Timestamp::from_micros(START_MICROS + micros),
        component: component.to_owned(),
        took_us,
        error: None,
    };
    MessageLife {
        id,
        topic: "orders".to_owned(),
        partition: 0,
        offset: 0,
        key: Some("a/b".to_owned()),
        stage: Stage::Consumed,
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".to_owned()),
        stages: vec![
            reached(Stage::Accepted, "producer", 0, 0),
            reached(Stage::Streamed, "producer", 840, 840),
            reached(Stage::Consumed, "consumer", 2940, 2100),
        ],
    }
}

/// A topic whose partitions end at these offsets, and to which 25 records a second come.
pub(super) fn topic(name: &str, next_offsets: &[i64]) -> TopicView {
    let partitions = next_offsets.iter().zip(0..);
    TopicView {
        name: name.to_owned(),
        internal: contract::topic::is_internal(name),
        records: next_offsets.iter().sum(),
        partitions: partitions
            .map(|(&next_offset, partition)| PartitionView {
                partition,
                leader: 0,
                replicas: vec![0],
                in_sync: vec![0],
                first_offset: 0,
                next_offset,
            })
            .collect(),
        rate: Some(25.0),
        size_bytes: Some(85_123),
        ..TopicView::default()
    }
}

/// A group that reads `orders`, 12 records a second: committed and next offset of each partition.
pub(super) fn group(name: &str, offsets: &[(i64, i64)]) -> GroupView {
    let assigned = |(_, partition): (&(i64, i64), i32)| TopicPartition {
        topic: "orders".to_owned(),
        partition,
    };
    let partitions = offsets.iter().zip(0..);
    let views = partitions
        .clone()
        .map(
            |(&(committed_offset, next_offset), partition)| GroupPartitionView {
                topic: "orders".to_owned(),
                partition,
                committed_offset,
                next_offset,
                lag: next_offset - committed_offset,
            },
        );
    GroupView {
        group: name.to_owned(),
        state: "Stable".to_owned(),
        members: vec![MemberView {
            member_id: format!("{name}-1"),
            client_id: name.to_owned(),
            client_host: "127.0.0.1".to_owned(),
            assigned: partitions.clone().map(assigned).collect(),
        }],
        lag: offsets.iter().map(|(from, to)| to - from).sum(),
        partitions: views.collect(),
        rate: Some(12.0),
    }
}

/// Of a service that is ready, the broker with it.
pub(super) fn readiness() -> Readiness {
    let check = Check {
        ready: true,
        reason: None,
    };
    Readiness {
        ready: true,
        checks: [("kafka".to_owned(), check)].into(),
    }
}

pub(super) fn summary() -> StatusSummary {
    let totals = [12_345, 12_345, 12_300, 1_234_567, 3];
    let rates = [12.5, 12.5, 12.0, 0.0, 0.1];
    StatusSummary {
        n_consumed: 12_300,
        stages: Stage::ALL.into_iter().zip(totals).collect(),
        rates: Stage::ALL.into_iter().zip(rates).collect(),
        lag: [("consumer".to_owned(), 45)].into(),
    }
}
