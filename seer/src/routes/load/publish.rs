use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use bus::{Message, PendingAcks};
use contract::{MessageId, TraceParent};

use super::{
    progress::{self, Progress, Unread},
    reader::FileReader,
};
use crate::{
    files::Piece,
    teach::{Taken, Teacher},
};

/// Pieces handed over at once.
const BATCH_PIECES: usize = 256;
/// Batches of one file that may wait for their acks.
const BATCHES_MAX: usize = 8;
/// How long nothing may come of a file that has arrived.
const SILENCE_MAX: Duration = Duration::from_secs(90);

/// Pieces on their way to Kafka.
struct Batch {
    ids: Vec<MessageId>,
    acks: PendingAcks,
}

/// Hands all pieces of a file to Kafka and waits for their acks.
pub(super) async fn run(
    teacher: &Teacher,
    trace: TraceParent,
    key: &[u8],
    mut reader: FileReader,
    bytes_read: &AtomicU64,
    progress: &mut Progress<'_>,
) -> Result<Option<String>, Unread> {
    let mut pieces = Vec::with_capacity(BATCH_PIECES);
    let mut batches = VecDeque::with_capacity(BATCHES_MAX);
    let mut heard_at = Instant::now();
    loop {
        progress.bytes(bytes_read.load(Relaxed));
        progress.tell();
        pieces.clear();
        let received = reader.pieces.recv_many(&mut pieces, BATCH_PIECES);
        match tokio::time::timeout(progress::INTERVAL, received).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(_) if teacher.stop.is_cancelled() => break,
            Err(_) if !reader.has_all() => heard_at = Instant::now(),
            Err(_) if heard_at.elapsed() > SILENCE_MAX => {
                return Err(
                    "reading it takes too long: make it smaller, or save it as text".into(),
                );
            }
            Err(_) => {}
        }
        if !pieces.is_empty() {
            heard_at = Instant::now();
            batches.push_back(hand_over(teacher, trace, key, &pieces).await);
        }
        if batches.len() >= BATCHES_MAX || pieces.is_empty() {
            settle(teacher, batches.pop_front(), progress).await?;
        }
    }
    while !batches.is_empty() {
        settle(teacher, batches.pop_front(), progress).await?;
        progress.tell();
    }
    reader.outcome().await
}

async fn hand_over(teacher: &Teacher, trace: TraceParent, key: &[u8], pieces: &[Piece]) -> Batch {
    let taken: Vec<Taken> = pieces.iter().map(|_| Taken::now(trace)).collect();
    let messages: Vec<Message<'_>> = taken
        .iter()
        .zip(pieces)
        .map(|(taken, piece)| {
            taken.message(Some(key), &piece.value, Some(piece.content_type.as_bytes()))
        })
        .collect();
    Batch {
        acks: teacher.publisher.publish_all(&messages).await,
        ids: taken.iter().map(|taken| taken.id).collect(),
    }
}

/// Waits for the acks of a batch; the first message without one ends the file.
async fn settle(
    teacher: &Teacher,
    batch: Option<Batch>,
    progress: &mut Progress<'_>,
) -> Result<(), Unread> {
    let Some(batch) = batch else {
        return Ok(());
    };
    let mut failure = None;
    for (id, outcome) in batch.ids.into_iter().zip(batch.acks.outcomes().await) {
        match outcome {
            Ok(_) => {
                teacher.taught.increment(1);
                progress.acked(id);
            }
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) => Err(teacher.problem(error).problem.detail.into()),
        None => Ok(()),
    }
}
