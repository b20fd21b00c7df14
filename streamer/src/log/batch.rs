//! The header of a record batch (magic 2): all that the broker ever reads of it on the hot path.
//!
//! The records behind the header stay as the producer sent them, compressed or not. The broker
//! sets the base offset and the leader epoch, which the checksum leaves out, and, for topics with
//! `message.timestamp.type=LogAppendTime`, the timestamp, which means a new checksum.

/// Bytes of a batch before its records.
pub(crate) const HEADER_BYTES: usize = 61;
/// Bytes before and with the length field; the length counts what comes after them.
pub(crate) const LENGTH_PREFIX_BYTES: usize = 12;
/// The checksum covers everything from here on.
const CHECKSUMMED_FROM: usize = 21;
const MAGIC: u8 = 2;
/// There is one broker, so there never was another leader.
pub(crate) const LEADER_EPOCH: i32 = 0;
pub(crate) const NO_PRODUCER: i64 = -1;

const COMPRESSION_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BatchHeader {
    pub(crate) base_offset: i64,
    /// The whole batch, its length prefix included.
    pub(crate) size_bytes: usize,
    pub(crate) checksum: u32,
    pub(crate) attributes: i16,
    pub(crate) last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    pub(crate) record_count: i32,
}

/// Why bytes are not a batch that could be stored.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("the batch is cut short")]
    Truncated,
    #[error("the batch has magic {0}; only 2 is stored")]
    Magic(u8),
    #[error("the batch's length or record count makes no sense")]
    Malformed,
    #[error("the batch's checksum does not match its bytes")]
    Checksum,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`, which need not hold the records.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(BatchError::Truncated)?;
        if bytes[16] != MAGIC {
            return Err(BatchError::Magic(bytes[16]));
        }
        let length = i32::from_be_bytes(field(bytes, 8));
        let header = BatchHeader {
            base_offset: i64::from_be_bytes(field(bytes, 0)),
            size_bytes: usize::try_from(length).map_err(|_| BatchError::Malformed)?
                + LENGTH_PREFIX_BYTES,
            checksum: u32::from_be_bytes(field(bytes, 17)),
            attributes: i16::from_be_bytes(field(bytes, 21)),
            last_offset_delta: i32::from_be_bytes(field(bytes, 23)),
            base_timestamp: i64::from_be_bytes(field(bytes, 27)),
            max_timestamp: i64::from_be_bytes(field(bytes, 35)),
            producer_id: i64::from_be_bytes(field(bytes, 43)),
            producer_epoch: i16::from_be_bytes(field(bytes, 51)),
            base_sequence: i32::from_be_bytes(field(bytes, 53)),
            record_count: i32::from_be_bytes(field(bytes, 57)),
        };
        if header.size_bytes < HEADER_BYTES || header.last_offset_delta < 0 {
            return Err(BatchError::Malformed);
        }
        Ok(header)
    }

    /// Reads the header of a complete batch and compares the checksum with the bytes.
    pub(crate) fn parse_checked(batch: &[u8]) -> Result<Self, BatchError> {
        let header = BatchHeader::parse(batch)?;
        let batch = batch
            .get(..header.size_bytes)
            .ok_or(BatchError::Truncated)?;
        if crc32c::crc32c(&batch[CHECKSUMMED_FROM..]) != header.checksum {
            return Err(BatchError::Checksum);
        }
        Ok(header)
    }

    pub(crate) fn last_offset(&self) -> i64 {
        self.base_offset + i64::from(self.last_offset_delta)
    }

    pub(crate) fn next_offset(&self) -> i64 {
        self.last_offset() + 1
    }

    pub(crate) fn compression(&self) -> i16 {
        self.attributes & COMPRESSION_MASK
    }

    pub(crate) fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    pub(crate) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    pub(crate) fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.producer_id != NO_PRODUCER
    }
}

/// The first bytes of a batch as they go into the log, with what the broker decides in them.
pub(crate) struct StampedHeader(pub(crate) [u8; HEADER_BYTES]);

impl StampedHeader {
    /// `batch` is a batch that [`BatchHeader::parse_checked`] accepted.
    pub(crate) fn new(batch: &[u8], base_offset: i64) -> Option<Self> {
        let mut bytes: [u8; HEADER_BYTES] = *batch.first_chunk()?;
        bytes[0..8].copy_from_slice(&base_offset.to_be_bytes());
        bytes[12..16].copy_from_slice(&LEADER_EPOCH.to_be_bytes());
        Some(StampedHeader(bytes))
    }

    /// Makes `timestamp` the time of every record of the batch; `records` are the bytes behind the header.
    pub(crate) fn set_log_append_time(&mut self, timestamp: i64, records: &[u8]) {
        let attributes = i16::from_be_bytes(field(&self.0, 21)) | LOG_APPEND_TIME;
        self.0[21..23].copy_from_slice(&attributes.to_be_bytes());
        self.0[35..43].copy_from_slice(&timestamp.to_be_bytes());
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&self.0[CHECKSUMMED_FROM..]), records);
        self.0[17..21].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// The `N` bytes at `at`; the header is longer than any field's end.
fn field<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut value = [0; N];
    value.copy_from_slice(&bytes[at..at + N]);
    value
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use bytes::Bytes;

    /// A batch of `count` records with bytes in place of records, for tests of the log.
    pub(crate) fn batch(count: i32, timestamp: i64, payload: &[u8]) -> Bytes {
        idempotent_batch(count, timestamp, payload, NO_PRODUCER, -1, -1)
    }

    pub(crate) fn idempotent_batch(
        count: i32,
        timestamp: i64,
        payload: &[u8],
        producer_id: i64,
        producer_epoch: i16,
        base_sequence: i32,
    ) -> Bytes {
        let mut bytes = Vec::new();
        bytes.extend(0i64.to_be_bytes());
        bytes.extend(((HEADER_BYTES - LENGTH_PREFIX_BYTES + payload.len()) as i32).to_be_bytes());
        bytes.extend((-1i32).to_be_bytes());
        bytes.push(MAGIC);
        bytes.extend(0u32.to_be_bytes());
        bytes.extend(0i16.to_be_bytes());
        bytes.extend((count - 1).to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(producer_id.to_be_bytes());
        bytes.extend(producer_epoch.to_be_bytes());
        bytes.extend(base_sequence.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(payload);
        let checksum = crc32c::crc32c(&bytes[CHECKSUMMED_FROM..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        Bytes::from(bytes)
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let good = batch(3, 1000, b"abc");
        assert!(BatchHeader::parse_checked(&good).is_ok());
        let mut bad = good.to_vec();
        bad[HEADER_BYTES + 1] ^= 1;
        assert_eq!(BatchHeader::parse_checked(&bad), Err(BatchError::Checksum));
        assert_eq!(
            BatchHeader::parse_checked(&good[..good.len() - 1]),
            Err(BatchError::Truncated)
        );
    }

    #[test]
    fn stamping_keeps_the_checksum_right() {
        let sent = batch(2, 1000, b"records");
        let mut stamped = StampedHeader::new(&sent, 42).expect("a header");
        let mut stored = stamped.0.to_vec();
        stored.extend_from_slice(&sent[HEADER_BYTES..]);
        let header = BatchHeader::parse_checked(&stored).expect("checksum leaves offsets out");
        assert_eq!((header.base_offset, header.next_offset()), (42, 44));

        stamped.set_log_append_time(7777, &sent[HEADER_BYTES..]);
        stored[..HEADER_BYTES].copy_from_slice(&stamped.0);
        let header = BatchHeader::parse_checked(&stored).expect("a new checksum");
        assert!(header.is_log_append_time());
        assert_eq!(header.max_timestamp, 7777);
    }
}
