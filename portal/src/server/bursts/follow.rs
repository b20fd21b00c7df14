//! Learns from the consumer when the messages of a burst are done.

use std::{pin::pin, sync::Arc, time::Duration};

use contract::MessageId;
use futures::StreamExt;
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

use super::{Portal, Tally};
use crate::server::{events, sse};

/// Messages that one stream of the consumer tells of: its own limit.
const WATCHED_MAX: usize = 200;
/// How long messages gather for one stream.
const GATHER: Duration = Duration::from_millis(100);
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Returns when all that come are done.
pub(super) async fn all(portal: &Portal, tally: &Arc<Tally>, mut acked: mpsc::Receiver<MessageId>) {
    let mut following = JoinSet::new();
    loop {
        let mut ids = Vec::new();
        if acked.recv_many(&mut ids, WATCHED_MAX).await == 0 {
            break;
        }
        following.spawn(follow(portal.clone(), Arc::clone(tally), ids));
        // A life tells when it was, so it may be learned later.
        sleep(GATHER).await;
    }
    while following.join_next().await.is_some() {}
}

async fn follow(portal: Portal, tally: Arc<Tally>, mut ids: Vec<MessageId>) {
    loop {
        if let Ok(frames) = events::lives(&portal, &ids).await {
            let mut frames = pin!(frames);
            while let Some(frame) = frames.next().await {
                if let Some(life) = sse::data(&frame)
                    && tally.learn(&life)
                {
                    ids.retain(|id| *id != life.id);
                }
                if ids.is_empty() {
                    return;
                }
            }
        }
        sleep(RECONNECT_DELAY).await;
    }
}
