//! The `id:` of a streamed record, from which a viewer that lost its connection goes on without losing a record.
//!
//! It names the last record seen of every partition of the stream, as `topic:partition:offset`, joined by commas; the
//! record's own comes first. For a partition of which none was seen yet it is the one before the start (-1 before the
//! first). A partition that is not named was made since, and is read from its first record.

use std::{fmt::Write, sync::Arc};

use bus::TailStart;
use contract::{record::RecordView, topic};

use crate::hub::Positions;

pub(crate) fn event_id(record: &RecordView, positions: &Positions) -> String {
    let mut id = format!("{}:{}:{}", record.topic, record.partition, record.offset);
    for ((topic, partition), next) in positions {
        if **topic != record.topic || *partition != record.partition {
            // Writing into a String does not fail.
            let _ = write!(id, ",{topic}:{partition}:{}", next - 1);
        }
    }
    id
}

/// The id of an event that is no record: where the stream is by now.
pub(crate) fn progress_id(positions: &Positions) -> String {
    let mut id = String::new();
    for ((topic, partition), next) in positions {
        let comma = if id.is_empty() { "" } else { "," };
        // Writing into a String does not fail.
        let _ = write!(id, "{comma}{topic}:{partition}:{}", next - 1);
    }
    id
}

/// The positions that an event id stands for; `None` when it is none.
pub(crate) fn parse(id: &str) -> Option<TailStart> {
    let positions = id.split(',').map(|part| {
        let mut fields = part.rsplitn(3, ':');
        let offset: i64 = fields.next()?.parse().ok()?;
        let partition: i32 = fields.next()?.parse().ok()?;
        let name = fields.next()?;
        let valid = topic::validate(name).is_ok() && partition >= 0 && offset >= -1;
        valid.then(|| ((name.to_owned(), partition), offset.saturating_add(1)))
    });
    positions.collect::<Option<_>>().map(TailStart::Resume)
}

/// Notes that `record` was shown.
pub(crate) fn advance(positions: &mut Positions, record: &RecordView) {
    let partition = (Arc::from(record.topic.as_str()), record.partition);
    positions.insert(partition, record.offset + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_every_partition_and_is_read_back() {
        let view = |topic: &str, partition, offset| RecordView {
            id: contract::MessageId::of_record(topic, partition, offset),
            topic: topic.to_owned(),
            partition,
            offset,
            timestamp: None,
            key: None,
            key_encoding: Default::default(),
            value: None,
            value_encoding: Default::default(),
            headers: Vec::new(),
        };
        let mut positions = Positions::from([
            (("a.b".into(), 0), 5),
            (("a.b".into(), 1), 0),
            (("c".into(), 0), 9),
        ]);
        let record = view("c", 0, 12);
        advance(&mut positions, &record);
        let id = event_id(&record, &positions);
        assert_eq!(id, "c:0:12,a.b:0:4,a.b:1:-1");
        let expected = [(("c", 0), 13), (("a.b", 0), 5), (("a.b", 1), 0)];
        let expected =
            expected.map(|((topic, partition), next)| ((topic.to_owned(), partition), next));
        assert_eq!(parse(&id), Some(TailStart::Resume(expected.into())));
        assert_eq!(parse(&progress_id(&positions)), parse(&id));
        // The short form of one partition, as a person would write it.
        assert!(parse("stream:0:17").is_some());
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for id in [
            "", "17", "a:0", "a:x:1", "a:0:y", "a:-1:0", "a:0:-2", "a b:0:1", "a:0:1,",
        ] {
            assert_eq!(parse(id), None, "{id:?}");
        }
    }
}
