//! Old records page by page, from several partitions in the order of their timestamps.
//!
//! A page looks at so many records only, however few of them are wanted, and says where to go on.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{AdminError, RangeReader, ReadFrom, ReadLimits, RecordRange};
use contract::{
    record::{Encoding, RecordPage, RecordView},
    topic,
};
use serde::Deserialize;

use crate::filter::{Filter, FilterEnd, Verdict};

/// Records that a page looks at, but for the rest of what it is about to read.
const SCANNED_MAX: u64 = 20_000;
/// How long a page looks for records.
const TIME_MAX: Duration = Duration::from_secs(5);
/// About the most that a page holds.
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Records read at once from one partition: few at first, since they may be large.
const CHUNK_RECORDS_MIN: usize = 128;
const CHUNK_RECORDS_MAX: usize = 2048;
const CHUNK_BYTES_MAX: usize = 4 * 1024 * 1024;
const CHUNK_BYTES_MIN: usize = 64 * 1024;
/// What is held of all partitions together, but for what is less than the least of each.
const HELD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Partitions of one scan: a cursor names each of them.
pub(crate) const PARTITIONS_MAX: usize = 256;

/// Which records come first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    #[default]
    Newest,
    Oldest,
}

/// What is left to look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) order: Order,
    pub(crate) ranges: Vec<RecordRange>,
}

/// What can be said of a record without a filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) key: Option<String>,
    /// Milliseconds since 1970. An offset that was found by time may lie a little early.
    pub(crate) since_ms: Option<i64>,
    pub(crate) until_ms: Option<i64>,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum ScanEnd {
    Kafka(AdminError),
    Filter(FilterEnd),
}

pub(crate) struct Scan {
    order: Order,
    lanes: Vec<Lane>,
    reader: RangeReader,
    conditions: Conditions,
    filter: Filter,
    page: RecordPage,
}

/// One partition of a scan.
struct Lane {
    /// What is not read yet.
    range: RecordRange,
    /// Wanted and not on a page yet, the next one first.
    found: VecDeque<Arc<RecordView>>,
    /// What to read at once.
    chunk: ReadLimits,
}

impl Scan {
    pub(crate) fn new(
        cursor: Cursor,
        reader: RangeReader,
        conditions: Conditions,
        filter: Filter,
    ) -> Self {
        let lanes = cursor.ranges.len().max(1);
        // All partitions have to be looked at before the first record is known; that leaves half of the page's records to
        // look further.
        let fair = usize::try_from(SCANNED_MAX).unwrap_or(usize::MAX) / lanes / 2;
        let chunk = ReadLimits {
            records: fair.clamp(1, CHUNK_RECORDS_MIN),
            bytes: (HELD_BYTES_MAX / lanes).clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX),
        };
        let lane = |range| Lane {
            range,
            found: VecDeque::new(),
            chunk,
        };
        Self {
            order: cursor.order,
            lanes: cursor.ranges.into_iter().map(lane).collect(),
            reader,
            conditions,
            filter,
            page: RecordPage::default(),
        }
    }

    /// Up to `limit` records.
    pub(crate) async fn page(mut self, limit: usize) -> Result<RecordPage, ScanEnd> {
        // However long it takes: without the first record of each partition nothing can be said at all.
        for lane in 0..self.lanes.len() {
            self.read(lane).await?;
        }
        let deadline = Instant::now() + TIME_MAX;
        let mut bytes = 0;
        while self.page.records.len() < limit && bytes < PAGE_BYTES_MAX {
            while let Some(lane) = self.lanes.iter().position(Lane::is_behind) {
                if self.page.scanned >= SCANNED_MAX || Instant::now() >= deadline {
                    return Ok(self.finish());
                }
                self.read(lane).await?;
            }
            let Some(record) = self.take_next() else {
                break;
            };
            bytes += record.key.as_ref().map_or(0, String::len)
                + record.value.as_ref().map_or(0, String::len);
            self.page.records.push(Arc::unwrap_or_clone(record));
        }
        Ok(self.finish())
    }

    /// Reads on in one partition, and keeps what is wanted.
    async fn read(&mut self, lane: usize) -> Result<(), ScanEnd> {
        let lane = &mut self.lanes[lane];
        if lane.range.from >= lane.range.until {
            return Ok(());
        }
        let records = lane.read(&self.reader, self.order).await;
        let mut records = records.map_err(ScanEnd::Kafka)?;
        self.page.scanned += records.len() as u64;
        records.retain(|record| self.conditions.hold(record));
        let records: Vec<_> = records.into_iter().map(Arc::new).collect();
        if self.filter.is_open() {
            lane.found.extend(records);
            return Ok(());
        }
        let verdicts = self.filter.verdicts(&records).await;
        for (record, verdict) in records.into_iter().zip(verdicts.map_err(ScanEnd::Filter)?) {
            match verdict {
                Verdict::Wanted => lane.found.push_back(record),
                Verdict::Unwanted => {}
                Verdict::Failed(reason) => {
                    self.page.failed += 1;
                    self.page.error = Some(reason);
                }
            }
        }
        Ok(())
    }

    /// The next record of all partitions.
    fn take_next(&mut self) -> Option<Arc<RecordView>> {
        let timestamp = |lane: &&mut Lane| lane.found.front().map(|record| record.timestamp);
        let lanes = self.lanes.iter_mut().filter(|lane| !lane.found.is_empty());
        let lane = match self.order {
            // The first of equals either way.
            Order::Newest => lanes.rev().max_by_key(timestamp),
            Order::Oldest => lanes.min_by_key(timestamp),
        };
        lane?.found.pop_front()
    }

    fn finish(mut self) -> RecordPage {
        let order = self.order;
        let left = self.lanes.iter().map(|lane| lane.left(order));
        let cursor = Cursor {
            order,
            ranges: left.filter(|range| range.from < range.until).collect(),
        };
        self.page.next = (!cursor.ranges.is_empty()).then(|| cursor.to_string());
        self.page
    }
}

impl Lane {
    /// Nothing of it is at hand although there is more.
    fn is_behind(&self) -> bool {
        self.found.is_empty() && self.range.from < self.range.until
    }

    /// The next records, in the order of the page.
    async fn read(
        &mut self,
        reader: &RangeReader,
        order: Order,
    ) -> Result<Vec<RecordView>, AdminError> {
        let longer = (self.chunk.records * 2).min(CHUNK_RECORDS_MAX);
        let mut wanted = self.range.clone();
        if order == Order::Oldest {
            let (records, read) = reader.read(wanted, ReadFrom::Start, self.chunk).await?;
            self.range.from = read.until;
            self.chunk.records = longer;
            return Ok(records);
        }
        let chunk = i64::try_from(self.chunk.records).unwrap_or(i64::MAX);
        wanted.from = wanted.from.max(wanted.until.saturating_sub(chunk));
        let read = reader.read(wanted.clone(), ReadFrom::End, self.chunk);
        let (mut records, read) = read.await?;
        self.range.until = read.from;
        self.chunk.records = match read.from > wanted.from {
            // They are large: so many passed by for nothing.
            true => records.len().max(1),
            false => longer,
        };
        records.reverse();
        Ok(records)
    }

    /// What is on no page yet.
    fn left(&self, order: Order) -> RecordRange {
        let mut left = self.range.clone();
        if let Some(next) = self.found.front() {
            match order {
                Order::Newest => left.until = next.offset + 1,
                Order::Oldest => left.from = next.offset,
            }
        }
        left
    }
}

impl Conditions {
    fn hold(&self, record: &RecordView) -> bool {
        let key = record.key.as_deref();
        let key = key.filter(|_| record.key_encoding == Encoding::Text);
        let is_within = |at: i64| {
            self.since_ms.is_none_or(|since| at >= since)
                && self.until_ms.is_none_or(|until| at < until)
        };
        (self.key.is_none() || key == self.key.as_deref()) && record.timestamp.is_none_or(is_within)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(match self.order {
            Order::Newest => 'n',
            Order::Oldest => 'o',
        })?;
        for range in &self.ranges {
            let RecordRange {
                topic,
                partition,
                from,
                until,
            } = range;
            write!(f, ",{topic}:{partition}:{from}:{until}")?;
        }
        Ok(())
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split(',');
        let order = match parts.next() {
            Some("n") => Order::Newest,
            Some("o") => Order::Oldest,
            _ => return Err(InvalidCursor),
        };
        let ranges: Option<Vec<_>> = parts.map(parse_range).collect();
        ranges
            .filter(|ranges| (1..=PARTITIONS_MAX).contains(&ranges.len()))
            .map(|ranges| Self { order, ranges })
            .ok_or(InvalidCursor)
    }
}

fn parse_range(text: &str) -> Option<RecordRange> {
    let mut fields = text.split(':');
    let topic = fields.next().filter(|name| topic::validate(name).is_ok())?;
    let partition = fields.next()?.parse().ok()?;
    let from = fields.next()?.parse().ok()?;
    let until = fields.next()?.parse().ok()?;
    let is_valid = fields.next().is_none() && partition >= 0 && 0 <= from && from < until;
    is_valid.then(|| RecordRange {
        topic: topic.into(),
        partition,
        from,
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is_one() {
        let range = |topic: &str, partition, from, until| RecordRange {
            topic: topic.into(),
            partition,
            from,
            until,
        };
        for order in [Order::Newest, Order::Oldest] {
            let cursor = Cursor {
                order,
                ranges: vec![range("a.b", 0, 0, 7), range("c", 12, 100, 101)],
            };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let many = format!("n{}", ",a:0:0:1".repeat(PARTITIONS_MAX + 1));
        for text in [
            "",
            "n",
            "x,a:0:0:1",
            "n,a:0:0",
            "n,a:0:0:0",
            "n,a:0:2:1",
            "n,a:-1:0:1",
            "n,a:0:-1:1",
            "n,a b:0:0:1",
            "n,a:0:0:1:2",
            "n,a:0:0:1,",
            "n,a:0:0:x",
            many.as_str(),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
        }
    }
}
