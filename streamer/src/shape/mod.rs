//! Walks a request before it is decoded, so that nothing in it can make the decoder misbehave.
//!
//! The protocol crate reserves memory for as many elements as a list claims to have; a few bytes that
//! claim two billion would end the whole process. Here every length is held against the bytes that
//! are there, and the number of elements against a limit, without allocating anything.

mod requests;

use anyhow::{Context, bail, ensure};
use kafka_protocol::messages::ApiKey;

/// Elements of all lists, and tagged fields, that one request may have.
const MAX_ELEMENTS: usize = 100_000;
/// Tags below this one mean something to the decoder, in requests that only brokers send each other.
const FIRST_UNKNOWN_TAG: u32 = 2;
/// Key, version and correlation id.
const HEADER_FIXED_BYTES: usize = 8;

/// The shape of a field on the wire.
#[derive(Clone, Copy)]
enum Shape {
    /// So many bytes: numbers, booleans, ids.
    Fixed(usize),
    Text,
    Blob,
    /// A list of values.
    Values(&'static Shape),
    /// A list of structures.
    Structs(&'static [Field]),
}

/// A field, and the versions of the request that have it.
#[derive(Clone, Copy)]
struct Field {
    shape: Shape,
    first: i16,
    last: i16,
}

/// Checks header and body of a request whose key and version are supported.
pub(crate) fn check(key: ApiKey, api_version: i16, frame: &[u8]) -> anyhow::Result<()> {
    let fields = requests::fields(key).context("the request has no known shape")?;
    let flexible = key.request_header_version(api_version) >= 2;
    let mut walk = Walk {
        rest: frame,
        api_version,
        flexible: false,
        elements_left: MAX_ELEMENTS,
        key,
    };
    walk.skip(HEADER_FIXED_BYTES)?;
    walk.value(&Shape::Text)?; // the client id; it never has the flexible form
    walk.flexible = flexible;
    walk.tags()?;
    // Bytes that follow are ignored, as Apache Kafka does: librdkafka's request for all topics (Metadata from version 9 on)
    // ends in three zeros too many.
    walk.structure(fields)
}

struct Walk<'a> {
    rest: &'a [u8],
    key: ApiKey,
    api_version: i16,
    /// Whether lengths have their newer form: of variable size and one larger, 0 for null.
    flexible: bool,
    elements_left: usize,
}

impl Walk<'_> {
    fn structure(&mut self, fields: &[Field]) -> anyhow::Result<()> {
        for field in fields {
            if (field.first..=field.last).contains(&self.api_version) {
                self.value(&field.shape)?;
            }
        }
        self.tags()
    }

    fn value(&mut self, shape: &Shape) -> anyhow::Result<()> {
        match shape {
            Shape::Fixed(bytes) => self.skip(*bytes),
            Shape::Text if self.flexible => self.flexible_bytes(),
            Shape::Text => {
                let length = i16::from_be_bytes(self.take()?);
                self.skip_nullable(i32::from(length))
            }
            Shape::Blob if self.flexible => self.flexible_bytes(),
            Shape::Blob => {
                let length = i32::from_be_bytes(self.take()?);
                self.skip_nullable(length)
            }
            Shape::Values(each) => (0..self.count()?).try_for_each(|_| self.value(each)),
            Shape::Structs(fields) => (0..self.count()?).try_for_each(|_| self.structure(fields)),
        }
    }

    /// The number of elements of a list, null being none.
    fn count(&mut self) -> anyhow::Result<usize> {
        let count = if self.flexible {
            self.varint()?.saturating_sub(1) as usize
        } else {
            match i32::from_be_bytes(self.take()?) {
                -1 => 0,
                count => usize::try_from(count).context("a list has a negative length")?,
            }
        };
        self.spend(count)?;
        Ok(count)
    }

    fn spend(&mut self, elements: usize) -> anyhow::Result<()> {
        self.elements_left = self
            .elements_left
            .checked_sub(elements)
            .with_context(|| format!("the request has more than {MAX_ELEMENTS} elements"))?;
        Ok(())
    }

    /// Every structure of the flexible form ends with tagged fields.
    fn tags(&mut self) -> anyhow::Result<()> {
        if !self.flexible {
            return Ok(());
        }
        let count = self.varint()? as usize;
        self.spend(count)?;
        for _ in 0..count {
            let tag = self.varint()?;
            if self.key == ApiKey::Fetch && tag < FIRST_UNKNOWN_TAG {
                bail!("the request is one of a follower, which this broker has not");
            }
            let length = self.varint()?;
            self.skip(length as usize)?;
        }
        Ok(())
    }

    fn flexible_bytes(&mut self) -> anyhow::Result<()> {
        let length = self.varint()?.saturating_sub(1);
        self.skip(length as usize)
    }

    fn skip_nullable(&mut self, length: i32) -> anyhow::Result<()> {
        match length {
            -1 => Ok(()),
            length => self.skip(usize::try_from(length).context("a length is negative")?),
        }
    }

    fn skip(&mut self, bytes: usize) -> anyhow::Result<()> {
        self.rest = self
            .rest
            .get(bytes..)
            .context("a length goes beyond the request")?;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> anyhow::Result<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .context("the request is cut short")?;
        self.rest = rest;
        Ok(*taken)
    }

    /// An unsigned number of one to five bytes.
    fn varint(&mut self) -> anyhow::Result<u32> {
        let mut value = 0u32;
        for shift in (0..32).step_by(7) {
            let [byte] = self.take()?;
            let bits = u32::from(byte & 0x7f);
            ensure!(shift < 28 || bits < 16, "a length is too large");
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        bail!("a length is too large")
    }
}

#[cfg(test)]
mod tests;
