//! The thread that reads a file: what it does may block, take long, or panic.

use std::{
    io::{self, Read},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    thread,
    time::Duration,
};

use axum::body::Bytes;
use bytes::Buf;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::progress::Unread;
use crate::files::{self, FileInfo, Piece, ReadError};

/// How long an upload may pause.
pub(super) const UPLOAD_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Parts of a file between the request and the reader.
const CHUNKS_MAX: usize = 8;
/// Pieces between the reader and Kafka.
const PIECES_MAX: usize = 256;
/// Damaged PDFs are nested deep.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Where the file goes in.
pub(super) struct Chunks(mpsc::Sender<io::Result<Bytes>>);

/// Where its pieces come out.
pub(super) struct FileReader {
    pub(super) pieces: mpsc::Receiver<Piece>,
    outcome: oneshot::Receiver<Result<Option<String>, ReadError>>,
    /// Closed when all of the file has gone in.
    input: mpsc::WeakSender<io::Result<Bytes>>,
}

/// The reader has ended.
pub(super) struct Ended;

struct Input {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

impl FileReader {
    /// `room` is held as long as the thread runs.
    pub(super) fn start(
        file: FileInfo,
        room: Arc<OwnedSemaphorePermit>,
    ) -> Result<(Chunks, Self), &'static str> {
        let (chunks, received) = mpsc::channel(CHUNKS_MAX);
        let (sender, pieces) = mpsc::channel(PIECES_MAX);
        let (tell, outcome) = oneshot::channel();
        let input = Input {
            chunks: received,
            chunk: Bytes::new(),
        };
        let read = move || {
            let mut emit = |piece| sender.blocking_send(piece).is_ok();
            let read = AssertUnwindSafe(|| files::read(&file, input, &mut emit));
            let damaged = "it cannot be read, perhaps it is damaged: save it anew";
            let outcome = panic::catch_unwind(read)
                .unwrap_or_else(|_| Err(ReadError::Unreadable(damaged.to_owned())));
            drop(room);
            // Nobody waits for it any more when the upload was given up.
            let _ = tell.send(outcome);
        };
        thread::Builder::new()
            .name("seer-file".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(read)
            .map_err(|_| "there is no thread to read it: try again later")?;
        let reader = Self {
            pieces,
            outcome,
            input: chunks.downgrade(),
        };
        Ok((Chunks(chunks), reader))
    }

    /// Whether all of the file has arrived.
    pub(super) fn has_all(&self) -> bool {
        self.input.strong_count() == 0
    }

    /// What was left out, or why there is no more. To be asked after the last piece.
    pub(super) async fn outcome(self) -> Result<Option<String>, Unread> {
        drop(self.pieces);
        match self.outcome.await {
            Ok(Ok(left_out)) => Ok(left_out),
            Ok(Err(error)) => Err(error.to_string().into()),
            Err(_) => Err("reading it ended without a word".into()),
        }
    }
}

impl Chunks {
    pub(super) async fn send(&self, chunk: Bytes) -> Result<(), Ended> {
        self.0.send(Ok(chunk)).await.map_err(|_| Ended)
    }

    /// The file ends here and is not whole.
    pub(super) async fn fail(self) {
        let error = io::Error::from(io::ErrorKind::UnexpectedEof);
        // Fails when the reader has ended before.
        let _ = self.0.send(Err(error)).await;
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.chunk.has_remaining() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let count = self.chunk.len().min(buffer.len());
        self.chunk.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
