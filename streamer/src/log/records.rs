//! Looks at single records of an uncompressed batch: only to find an offset by its time.

use super::batch::{BatchHeader, HEADER_BYTES};

/// Offset and timestamp of each record of `batch`, until one makes no sense.
pub(crate) fn offsets_and_timestamps<'a>(
    header: &'a BatchHeader,
    batch: &'a [u8],
) -> impl Iterator<Item = (i64, i64)> + 'a {
    let mut rest = batch.get(HEADER_BYTES..).unwrap_or_default();
    (0..header.record_count).map_while(move |_| {
        let length = usize::try_from(varint(&mut rest)?).ok()?;
        let mut record = rest.get(..length)?;
        rest = &rest[length..];
        record = record.get(1..)?; // attributes, unused so far
        let timestamp_delta = varint(&mut record)?;
        let offset_delta = varint(&mut record)?;
        let timestamp = if header.is_log_append_time() {
            header.max_timestamp
        } else {
            header.base_timestamp.checked_add(timestamp_delta)?
        };
        Some((header.base_offset.checked_add(offset_delta)?, timestamp))
    })
}

/// A zigzag-encoded number of variable length.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}
