use contract::record::RecordView;

use super::{Admin, AdminError, RangeReader, ReadFrom, ReadLimits, RecordRange};

/// Of the range that begins at a record, the record.
const ONE: ReadLimits = ReadLimits {
    records: 1,
    bytes: usize::MAX,
};

impl Admin {
    /// The record at one place of the log.
    pub async fn record(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<RecordView, AdminError> {
        let log = self.partition(topic, partition).await?;
        if !(log.from..log.until).contains(&offset) {
            return Err(AdminError::OutOfRange {
                first: log.from,
                next: log.until,
            });
        }
        let place = RecordRange {
            from: offset,
            until: offset + 1,
            ..log
        };
        let (mut records, _) = self
            .range_reader()?
            .read(place, ReadFrom::Start, ONE)
            .await?;
        records.pop().ok_or(AdminError::NoRecord)
    }

    /// The records before and after an offset in its partition.
    pub async fn records_beside(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<(Option<RecordView>, Option<RecordView>), AdminError> {
        let log = self.partition(topic, partition).await?;
        let reader = self.range_reader()?;
        let after = RecordRange {
            from: offset.saturating_add(1).max(log.from),
            ..log.clone()
        };
        let (mut next, _) = reader.read(after, ReadFrom::Start, ONE).await?;
        let before = RecordRange {
            until: offset.min(log.until),
            ..log
        };
        Ok((last_of(&reader, before).await?, next.pop()))
    }

    /// All that one partition holds now.
    async fn partition(&self, topic: &str, partition: i32) -> Result<RecordRange, AdminError> {
        let name = topic.to_owned();
        let view = self.blocking(move |shared| shared.topic(&name)).await?;
        let found = view
            .partitions
            .iter()
            .find(|found| found.partition == partition)
            .ok_or_else(|| AdminError::UnknownPartition {
                topic: topic.to_owned(),
                partition,
            })?;
        Ok(RecordRange {
            topic: topic.into(),
            partition,
            from: found.first_offset,
            until: found.next_offset,
        })
    }
}

/// The last record of a range. Kafka reads forwards only, and the last offsets need not be records, so it is looked for in
/// ever longer pieces from the end.
async fn last_of(
    reader: &RangeReader,
    mut range: RecordRange,
) -> Result<Option<RecordView>, AdminError> {
    let mut length: i64 = 1;
    while range.from < range.until {
        let piece = RecordRange {
            from: range.from.max(range.until.saturating_sub(length)),
            ..range.clone()
        };
        range.until = piece.from;
        let (mut records, _) = reader.read(piece, ReadFrom::End, ONE).await?;
        if let Some(last) = records.pop() {
            return Ok(Some(last));
        }
        length = length.saturating_mul(8);
    }
    Ok(None)
}
