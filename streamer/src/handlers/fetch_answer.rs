//! The answer to a fetch, encoded here and not by the protocol crate: the records stay in their
//! files until they are written to the socket, where the crate would want them in memory.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::log::FileRange;
use crate::reply::Piece;

const NO_BROKER: i32 = -1;
const NO_SESSION: i32 = 0;

pub(crate) struct FetchAnswer {
    pub(crate) error: Option<ResponseError>,
    pub(crate) topics: Vec<FetchedTopic>,
}

pub(crate) struct FetchedTopic {
    pub(crate) name: StrBytes,
    pub(crate) id: Uuid,
    pub(crate) partitions: Vec<FetchedPartition>,
}

pub(crate) struct FetchedPartition {
    pub(crate) index: i32,
    pub(crate) error: Option<ResponseError>,
    pub(crate) high_watermark: i64,
    pub(crate) log_start_offset: i64,
    pub(crate) records: Option<FileRange>,
}

impl FetchedPartition {
    pub(crate) fn refused(index: i32, error: ResponseError) -> Self {
        FetchedPartition {
            index,
            error: Some(error),
            high_watermark: -1,
            log_start_offset: -1,
            records: None,
        }
    }
}

impl FetchAnswer {
    pub(crate) fn refused(error: ResponseError) -> Self {
        FetchAnswer {
            error: Some(error),
            topics: Vec::new(),
        }
    }

    fn partitions(&self) -> impl Iterator<Item = &FetchedPartition> {
        self.topics.iter().flat_map(|topic| &topic.partitions)
    }

    pub(crate) fn records_bytes(&self) -> u64 {
        self.partitions()
            .filter_map(|partition| partition.records.as_ref())
            .map(|records| records.length)
            .sum()
    }

    /// An error is answered at once: waiting would not mend it.
    pub(crate) fn has_error(&self) -> bool {
        self.partitions().any(|partition| partition.error.is_some())
    }

    /// The body in versions 4 to 16.
    pub(crate) fn encode(self, version: i16) -> Vec<Piece> {
        let mut body = Body {
            version,
            bytes: BytesMut::with_capacity(256),
            pieces: Vec::new(),
        };
        body.bytes.put_i32(0); // throttle time
        if version >= 7 {
            body.bytes.put_i16(code(self.error));
            body.bytes.put_i32(NO_SESSION);
        }
        body.put_length(self.topics.len());
        for topic in self.topics {
            body.put_topic(topic);
        }
        body.put_no_tags();
        body.finish()
    }
}

struct Body {
    version: i16,
    bytes: BytesMut,
    pieces: Vec<Piece>,
}

impl Body {
    /// From version 12 on, lengths are one larger and of variable size, and structures end with tags.
    fn is_flexible(&self) -> bool {
        self.version >= 12
    }

    fn put_topic(&mut self, topic: FetchedTopic) {
        if self.version >= 13 {
            self.bytes.put_slice(topic.id.as_bytes());
        } else {
            if self.is_flexible() {
                self.put_length(topic.name.len());
            } else {
                self.bytes.put_u16(topic.name.len() as u16);
            }
            self.bytes.put_slice(topic.name.as_bytes());
        }
        self.put_length(topic.partitions.len());
        for partition in topic.partitions {
            self.put_partition(partition);
        }
        self.put_no_tags();
    }

    fn put_partition(&mut self, partition: FetchedPartition) {
        self.bytes.put_i32(partition.index);
        self.bytes.put_i16(code(partition.error));
        self.bytes.put_i64(partition.high_watermark);
        // Without transactions everything up to the high watermark is stable.
        self.bytes.put_i64(partition.high_watermark);
        if self.version >= 5 {
            self.bytes.put_i64(partition.log_start_offset);
        }
        self.put_length(0); // aborted transactions
        if self.version >= 11 {
            self.bytes.put_i32(NO_BROKER); // preferred read replica
        }
        let length = partition
            .records
            .as_ref()
            .map_or(0, |records| records.length);
        self.put_length(length as usize);
        if let Some(records) = partition.records {
            self.pieces.push(Piece::Bytes(self.bytes.split().freeze()));
            self.pieces.push(Piece::Records(records));
        }
        self.put_no_tags();
    }

    /// The length of an array or of bytes; never above the size of an answer, so it fits.
    fn put_length(&mut self, length: usize) {
        if self.is_flexible() {
            let mut rest = length as u32 + 1;
            while rest >= 0x80 {
                self.bytes.put_u8(rest as u8 | 0x80);
                rest >>= 7;
            }
            self.bytes.put_u8(rest as u8);
        } else {
            self.bytes.put_u32(length as u32);
        }
    }

    fn put_no_tags(&mut self) {
        if self.is_flexible() {
            self.bytes.put_u8(0);
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        let rest: Bytes = self.bytes.split().freeze();
        self.pieces.push(Piece::Bytes(rest));
        self.pieces
    }
}

fn code(error: Option<ResponseError>) -> i16 {
    error.map_or(0, |error| error.code())
}
