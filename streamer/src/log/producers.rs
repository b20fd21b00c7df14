//! What a partition knows of its idempotent producers: enough to store a retried batch once.
//!
//! For each producer the last five batches are kept, as many as a client may have in flight. The
//! state is rebuilt from batch headers at recovery and is written down when a segment ends.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::batch::BatchHeader;

/// Batches in flight that a producer may retry; the protocol's own constant.
const REMEMBERED_BATCHES: usize = 5;
/// A producer that wrote nothing for a day is forgotten, as `producer.id.expiration.ms` has it.
const EXPIRATION_MS: i64 = 24 * 60 * 60 * 1000;
/// Beyond this many producers in one partition those that expired are looked for.
const EXPIRE_ABOVE: usize = 1000;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Producers {
    by_id: HashMap<i64, Producer>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Producer {
    epoch: i16,
    batches: VecDeque<Remembered>,
    last_seen_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    first_sequence: i32,
    last_sequence: i32,
    pub(crate) base_offset: i64,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Admission {
    New,
    /// The batch is in the log already, where this says.
    Duplicate(Remembered),
}

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(crate) enum ProducerError {
    #[error("the batch does not follow the producer's last one")]
    OutOfOrder,
    #[error("a newer instance of the producer has written since")]
    StaleEpoch,
}

impl Producers {
    /// Decides about a batch as Apache Kafka does. A producer that is not known, be it new or
    /// expired, may begin with any sequence: there is nothing to compare it with.
    pub(crate) fn admit(&self, header: &BatchHeader) -> Result<Admission, ProducerError> {
        let Some(producer) = self.by_id.get(&header.producer_id) else {
            return Ok(Admission::New);
        };
        if header.producer_epoch < producer.epoch {
            return Err(ProducerError::StaleEpoch);
        }
        if header.producer_epoch > producer.epoch {
            let first = header.base_sequence == 0;
            return if first {
                Ok(Admission::New)
            } else {
                Err(ProducerError::OutOfOrder)
            };
        }
        let last_sequence = sequence_after(header.base_sequence, header.last_offset_delta);
        let duplicate = producer.batches.iter().find(|batch| {
            batch.first_sequence == header.base_sequence && batch.last_sequence == last_sequence
        });
        if let Some(duplicate) = duplicate {
            return Ok(Admission::Duplicate(*duplicate));
        }
        match producer.batches.back() {
            Some(last) if sequence_after(last.last_sequence, 1) != header.base_sequence => {
                Err(ProducerError::OutOfOrder)
            }
            _ => Ok(Admission::New),
        }
    }

    /// Remembers a batch that is in the log; `header` has the offset it got there.
    pub(crate) fn remember(&mut self, header: &BatchHeader, now_ms: i64) {
        if !header.is_idempotent() || header.is_control() {
            return;
        }
        if self.by_id.len() >= EXPIRE_ABOVE && !self.by_id.contains_key(&header.producer_id) {
            self.expire(now_ms);
        }
        let producer = self
            .by_id
            .entry(header.producer_id)
            .or_insert_with(|| Producer {
                epoch: header.producer_epoch,
                batches: VecDeque::with_capacity(REMEMBERED_BATCHES),
                last_seen_ms: now_ms,
            });
        if producer.epoch != header.producer_epoch {
            producer.epoch = header.producer_epoch;
            producer.batches.clear();
        }
        if producer.batches.len() == REMEMBERED_BATCHES {
            producer.batches.pop_front();
        }
        producer.last_seen_ms = now_ms;
        producer.batches.push_back(Remembered {
            first_sequence: header.base_sequence,
            last_sequence: sequence_after(header.base_sequence, header.last_offset_delta),
            base_offset: header.base_offset,
        });
    }

    pub(crate) fn expire(&mut self, now_ms: i64) {
        self.by_id
            .retain(|_, producer| now_ms - producer.last_seen_ms < EXPIRATION_MS);
    }
}

/// Sequences count from 0 to `i32::MAX` and begin again at 0.
fn sequence_after(sequence: i32, increment: i32) -> i32 {
    ((i64::from(sequence) + i64::from(increment)) % (i64::from(i32::MAX) + 1)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::batch::tests::idempotent_batch;

    fn header(count: i32, epoch: i16, sequence: i32, offset: i64) -> BatchHeader {
        let batch = idempotent_batch(count, 0, b"", 9, epoch, sequence);
        let header = BatchHeader::parse(&batch).expect("a batch");
        BatchHeader {
            base_offset: offset,
            ..header
        }
    }

    #[test]
    fn a_retry_is_a_duplicate_with_its_first_offset() {
        let mut producers = Producers::default();
        for (at, sequence) in (0..50).step_by(10).enumerate() {
            let header = header(10, 0, sequence, at as i64 * 100);
            assert_eq!(producers.admit(&header), Ok(Admission::New));
            producers.remember(&header, 0);
        }
        match producers.admit(&header(10, 0, 0, 0)) {
            Ok(Admission::Duplicate(first)) => assert_eq!(first.base_offset, 0),
            other => panic!("{other:?}"),
        }
        producers.remember(&header(10, 0, 50, 500), 0);
        // The sixth batch pushed the first out: its retry cannot be told from a gap any more.
        assert_eq!(
            producers.admit(&header(10, 0, 0, 0)),
            Err(ProducerError::OutOfOrder)
        );
    }

    #[test]
    fn gaps_and_old_epochs_are_refused() {
        let mut producers = Producers::default();
        producers.remember(&header(1, 3, 7, 0), 0);
        assert_eq!(
            producers.admit(&header(1, 3, 9, 0)),
            Err(ProducerError::OutOfOrder)
        );
        assert_eq!(
            producers.admit(&header(1, 2, 8, 0)),
            Err(ProducerError::StaleEpoch)
        );
        assert_eq!(
            producers.admit(&header(1, 4, 8, 0)),
            Err(ProducerError::OutOfOrder)
        );
        assert_eq!(producers.admit(&header(1, 4, 0, 0)), Ok(Admission::New));
        assert_eq!(producers.admit(&header(1, 3, 8, 0)), Ok(Admission::New));
    }

    #[test]
    fn sequences_wrap_to_zero() {
        let mut producers = Producers::default();
        producers.remember(&header(2, 0, i32::MAX - 1, 0), 0);
        assert_eq!(producers.admit(&header(1, 0, 0, 0)), Ok(Admission::New));
    }

    #[test]
    fn idle_producers_are_forgotten() {
        let mut producers = Producers::default();
        producers.remember(&header(1, 0, 0, 0), 0);
        producers.expire(EXPIRATION_MS);
        assert_eq!(producers.admit(&header(1, 0, 100, 0)), Ok(Admission::New));
    }
}
