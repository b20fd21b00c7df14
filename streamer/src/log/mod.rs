//! The log: for each partition a folder of segments to which record batches are appended.
//!
//! Durability: an append is one write to the segment file before the caller learns the offset, so
//! an acked batch survives the death of the process. A segment is flushed to the disk when it ends;
//! only after that its snapshot of the producers is written, so the newest snapshot also tells up
//! to where everything is on disk. After anything but a clean shutdown, what comes after it is
//! verified batch by batch and a torn tail is cut off.
//!
//! Files of a partition's folder, named by the 20-digit offset they begin with:
//! `.log` (batches), `.index` and `.timeindex` (of ended segments), `.snapshot` (producers as of that
//! offset); beside them `partition.json` (topic id, log start offset) and, between a clean shutdown and
//! the next start, `shutdown.json`.

pub(crate) mod batch;
pub(crate) mod files;
mod flusher;
mod index;
mod lookup;
mod partition;
mod producers;
mod read;
mod records;
mod recovery;
mod retention;
mod segment;
mod waiters;
mod window;

pub(crate) use batch::LEADER_EPOCH;
#[cfg(test)]
mod tests;

pub(crate) use flusher::Flusher;
pub(crate) use lookup::TimedOffset;
pub(crate) use partition::{AppendError, AppendRules, Appended, PartitionLog};
pub(crate) use producers::ProducerError;
pub(crate) use read::{FileRange, ReadError};
pub(crate) use recovery::{is_of_another_topic, open};
pub(crate) use retention::Retention;
