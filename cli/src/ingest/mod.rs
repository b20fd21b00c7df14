//! Many messages to the producer, with an account of each.
//!
//! Delivery: lines go in batches, one after the other, so that their order is kept. Lines whose answer is lost or says
//! "later" are sent again under the same `Idempotency-Key` and the same line numbers, so they keep their ids and none
//! counts twice. When the attempts are used up the upload ends, and its account says which lines are acknowledged, which
//! may be, and where to go on. A line is never called acknowledged without its receipt.

mod lines;
mod progress;
mod push;
mod tally;
mod upload;

pub(crate) use lines::{Batch, Line, Source};
pub(crate) use progress::Progress;
pub(crate) use push::{FormatChoice, Pushed, is_json_document, push};
pub(crate) use tally::{Summary, Tally};
pub(crate) use upload::{Format, Upload};
