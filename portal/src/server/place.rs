use std::str::FromStr;

use contract::{
    MessageId,
    record::{RecordPlace, RecordView},
};

use crate::entry::Entry;

/// A place of the log, written `topic:partition:offset`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

impl Place {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            topic: entry.topic.clone(),
            partition: entry.partition,
            offset: entry.offset,
        }
    }

    /// Whether it is where a record lies.
    pub(crate) fn holds(&self, record: &RecordView) -> bool {
        (self.partition, self.offset) == (record.partition, record.offset)
            && self.topic == record.topic
    }

    /// The place of the message with this id.
    pub(crate) fn with_id(self, id: MessageId) -> RecordPlace {
        RecordPlace {
            id,
            topic: self.topic,
            partition: self.partition,
            offset: self.offset,
        }
    }
}

/// The text names no place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let mut parts = text.rsplitn(3, ':');
        let offset = parts.next().and_then(|part| part.parse().ok());
        let partition = parts.next().and_then(|part| part.parse().ok());
        match (parts.next(), partition, offset) {
            (Some(topic), Some(partition), Some(offset)) => Ok(Self {
                topic: topic.to_owned(),
                partition,
                offset,
            }),
            _ => Err(NoPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_topic_partition_and_offset() {
        let place = Place {
            topic: "orders".to_owned(),
            partition: 0,
            offset: 7,
        };
        assert_eq!("orders:0:7".parse(), Ok(place));
        for text in ["", "orders", "orders:0", "orders:x:7", "orders:0:"] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
    }
}
