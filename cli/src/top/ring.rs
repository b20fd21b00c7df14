//! The last records of a stream, as many as there is room for.

use std::{collections::VecDeque, sync::Arc};

use contract::record::RecordView;

/// Rows, and bytes in them: a thousand values of a megabyte would be too many.
const ROWS_MAX: usize = 1_000;
const BYTES_MAX: usize = 16 << 20;

#[derive(Clone, Debug)]
pub(super) enum TailRow {
    Record(Arc<RecordView>),
    /// So many records are not here, and why.
    Gap {
        count: u64,
        reason: GapReason,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum GapReason {
    /// The service said that this viewer was too slow.
    TooFast,
    /// They came while the tail was paused, and more than there is room for.
    Paused,
}

#[derive(Debug)]
pub(super) struct Ring {
    rows: VecDeque<TailRow>,
    rows_max: usize,
    bytes: usize,
    bytes_max: usize,
}

impl TailRow {
    pub(super) fn record(&self) -> Option<&Arc<RecordView>> {
        match self {
            Self::Record(record) => Some(record),
            Self::Gap { .. } => None,
        }
    }

    fn bytes(&self) -> usize {
        let Some(record) = self.record() else {
            return 0;
        };
        let texts = [&record.key, &record.value].into_iter().flatten();
        let headers = record.headers.iter();
        let headers = headers.map(|header| {
            let value = header.value.as_deref().unwrap_or_default();
            header.name.len() + value.len()
        });
        texts.map(String::len).chain(headers).sum()
    }
}

impl Ring {
    pub(super) fn new() -> Self {
        Self::of(ROWS_MAX, BYTES_MAX)
    }

    /// Half as large: what waits in it leaves room for what was there before.
    pub(super) fn half() -> Self {
        Self::of(ROWS_MAX / 2, BYTES_MAX / 2)
    }

    fn of(rows_max: usize, bytes_max: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            rows_max,
            bytes: 0,
            bytes_max,
        }
    }

    /// Adds a row; returns how many went for it. The last row stays, however large it is.
    pub(super) fn push(&mut self, row: TailRow) -> u64 {
        if let TailRow::Gap { count, reason } = &row
            && let Some(TailRow::Gap {
                count: before,
                reason: same,
            }) = self.rows.back_mut()
            && same == reason
        {
            *before += count;
            return 0;
        }
        self.bytes += row.bytes();
        self.rows.push_back(row);
        let mut gone = 0;
        while self.is_too_large()
            && let Some(row) = self.rows.pop_front()
        {
            self.bytes -= row.bytes();
            gone += 1;
        }
        gone
    }

    /// Puts a row before all others; false when there is no room for it.
    pub(super) fn push_before(&mut self, row: TailRow) -> bool {
        let bytes = self.bytes + row.bytes();
        let fits = self.rows.len() < self.rows_max && bytes <= self.bytes_max;
        if fits {
            self.bytes = bytes;
            self.rows.push_front(row);
        }
        fits
    }

    fn is_too_large(&self) -> bool {
        let length = self.rows.len();
        length > self.rows_max || (self.bytes > self.bytes_max && length > 1)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&TailRow> {
        self.rows.get(index)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &TailRow> {
        self.rows.iter()
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = TailRow> {
        self.rows.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples;

    fn row(value: &str) -> TailRow {
        TailRow::Record(Arc::new(samples::record(0, value)))
    }

    #[test]
    fn rows_are_bounded_and_what_goes_is_counted() {
        let mut ring = Ring::new();
        assert!(ring.push_before(row("x")));
        for _ in 1..ROWS_MAX {
            assert_eq!(ring.push(row("x")), 0);
        }
        assert_eq!(ring.push(row("x")), 1);
        assert!(!ring.push_before(row("x")));
        assert_eq!(ring.len(), ROWS_MAX);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut ring = Ring::new();
        let reason = GapReason::TooFast;
        ring.push(TailRow::Gap { count: 7, reason });
        // One gap, not two.
        ring.push(TailRow::Gap { count: 7, reason });
        assert_eq!(ring.len(), 1);
        // With room for keys and headers.
        let half = "x".repeat(BYTES_MAX / 2 - 100);
        assert_eq!(ring.push(row(&half)), 0);
        assert_eq!(ring.push(row(&half)), 0);
        let rest = "x".repeat(200);
        assert!(!ring.push_before(row(&rest)));
        assert_eq!(ring.push(row(&rest)), 2);
        let more_than_all = "x".repeat(BYTES_MAX + 1);
        assert_eq!(ring.push(row(&more_than_all)), 2);
        assert_eq!(ring.len(), 1);
    }
}
