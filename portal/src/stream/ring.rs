//! The records that a tab holds: as many as people look at, and no more than it can bear.

use std::{collections::VecDeque, sync::Arc};

use contract::record::RecordView;

pub(crate) const RECORDS_MAX: usize = 100_000;
/// Of keys, values and headers together.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What a record takes besides: its places, names and allocations.
const RECORD_BYTES: usize = 300;

/// The last records, in the order in which they came. Those that came first leave first.
#[derive(Default)]
pub(crate) struct Ring {
    records: VecDeque<Arc<RecordView>>,
    bytes: usize,
    /// Records that have left, and those of them that somebody cleared.
    left: u64,
    cleared: u64,
}

impl Ring {
    pub(crate) fn push(&mut self, record: Arc<RecordView>) {
        self.bytes += bytes(&record);
        self.records.push_back(record);
        while self.records.len() > RECORDS_MAX || (self.bytes > BYTES_MAX && self.records.len() > 1)
        {
            if let Some(first) = self.records.pop_front() {
                self.bytes -= bytes(&first);
                self.left += 1;
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        // The numbers go on: another record never gets the number of one that was shown.
        self.left = self.pushed();
        self.cleared = self.left;
        self.records.clear();
        self.bytes = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Records that have left because there were too many.
    pub(crate) fn left(&self) -> u64 {
        self.left - self.cleared
    }

    /// Records that have come.
    pub(crate) fn pushed(&self) -> u64 {
        self.left + self.records.len() as u64
    }

    /// `count` records, the last one first, after leaving out the last `skipped`; each with its number in the order in which they came.
    pub(crate) fn window(&self, skipped: usize, count: usize) -> Vec<(u64, Arc<RecordView>)> {
        let numbers = (0..self.pushed()).rev();
        let numbered = numbers.zip(self.records.iter().rev().cloned());
        numbered.skip(skipped).take(count).collect()
    }

    /// All, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RecordView> {
        self.records.iter().map(Arc::as_ref)
    }
}

fn bytes(record: &RecordView) -> usize {
    let headers = record.headers.iter();
    let headers =
        headers.map(|header| header.name.len() + header.value.as_ref().map_or(0, String::len));
    let texts = [&record.key, &record.value];
    let texts = texts.map(|text| text.as_ref().map_or(0, String::len));
    RECORD_BYTES + record.topic.len() + texts.iter().sum::<usize>() + headers.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use contract::MessageId;

    use super::*;

    fn record(offset: i64, value: &str) -> Arc<RecordView> {
        Arc::new(RecordView {
            id: MessageId::of_record("t", 0, offset),
            topic: "t".to_owned(),
            partition: 0,
            offset,
            timestamp: None,
            key: None,
            key_encoding: contract::record::Encoding::Text,
            value: Some(value.to_owned()),
            value_encoding: contract::record::Encoding::Text,
            headers: Vec::new(),
        })
    }

    fn offsets(records: &[(u64, Arc<RecordView>)]) -> Vec<i64> {
        records.iter().map(|(_, record)| record.offset).collect()
    }

    #[test]
    fn the_last_come_first_and_the_first_leave_first() {
        let mut ring = Ring::default();
        for offset in 0..RECORDS_MAX as i64 + 3 {
            ring.push(record(offset, "v"));
        }
        assert_eq!((ring.len(), ring.left()), (RECORDS_MAX, 3));
        let last = RECORDS_MAX as i64 + 2;
        assert_eq!(offsets(&ring.window(1, 2)), [last - 1, last - 2]);
        assert_eq!(ring.iter().next().unwrap().offset, 3);
        assert_eq!(ring.window(RECORDS_MAX - 1, 10).len(), 1);
        ring.clear();
        assert_eq!(ring.len(), 0);
        ring.push(record(0, "v"));
        assert_eq!(ring.window(0, 1)[0].0, RECORDS_MAX as u64 + 3);
    }

    #[test]
    fn large_records_leave_earlier() {
        let mut ring = Ring::default();
        let value = "v".repeat(BYTES_MAX / 4);
        for offset in 0..10 {
            ring.push(record(offset, &value));
        }
        assert_eq!((ring.len(), ring.left()), (3, 7));
    }
}
