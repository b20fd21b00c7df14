//! A request that is refused: the protocol's error and a sentence for the one who asked.

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub(crate) error: ResponseError,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(error: ResponseError, message: impl Into<String>) -> Self {
        Refusal {
            error,
            message: message.into(),
        }
    }

    /// The data folder cannot be read or written: reported here, and to the client as such.
    pub(crate) fn storage(error: &std::io::Error) -> Self {
        tracing::error!(%error, "the data folder cannot be used");
        Refusal::new(
            ResponseError::KafkaStorageError,
            "the broker cannot use its data folder",
        )
    }

    pub(crate) fn code(&self) -> i16 {
        self.error.code()
    }

    pub(crate) fn sentence(&self) -> Option<StrBytes> {
        Some(StrBytes::from_string(self.message.clone()))
    }
}

/// Error code and sentence of an outcome, as most answers have them side by side.
pub(crate) fn code_and_sentence<T>(outcome: &Result<T, Refusal>) -> (i16, Option<StrBytes>) {
    match outcome {
        Ok(_) => (0, None),
        Err(refusal) => (refusal.code(), refusal.sentence()),
    }
}
