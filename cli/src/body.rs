//! A response's body line by line, as it comes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// A service that sends a longer line is not one of ours.
const LINE_BYTES_MAX: usize = 16 << 20;

pub(crate) struct BodyLines {
    response: Response,
    /// How long the service may be silent.
    patience: Duration,
    pending: BytesMut,
    /// Up to where `pending` is known to hold no line end.
    searched: usize,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error(transparent)]
    Transport(#[from] reqwest::Error),
    #[error("no answer in time")]
    Silent,
    #[error("a line is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
}

impl BodyLines {
    pub(crate) fn new(response: Response, patience: Duration) -> Self {
        Self {
            response,
            patience,
            pending: BytesMut::new(),
            searched: 0,
        }
    }

    /// The next line, without its end; a last line without an end is incomplete and dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let unsearched = &self.pending[self.searched..];
            if let Some(length) = unsearched.iter().position(|&byte| byte == b'\n') {
                let mut line = self.pending.split_to(self.searched + length + 1);
                self.searched = 0;
                line.truncate(line.len() - 1);
                if line.ends_with(b"\r") {
                    line.truncate(line.len() - 1);
                }
                return Ok(Some(line.freeze()));
            }
            self.searched = self.pending.len();
            if self.searched > LINE_BYTES_MAX {
                return Err(BodyError::TooLong);
            }
            match tokio::time::timeout(self.patience, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => self.pending.extend_from_slice(&chunk),
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(BodyError::Silent),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_of_a_body() {
        let response = Response::from(http::Response::new("a\n\r\nb\r\nrest"));
        let mut lines = BodyLines::new(response, Duration::from_secs(5));
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            seen.push(line);
        }
        assert_eq!(seen, ["a", "", "b"]);
    }
}
