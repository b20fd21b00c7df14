//! Hands the messages of a burst to the producer, each when its turn comes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use contract::MessageId;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{Portal, Tally, outbox};
use crate::{burst::Order, server::outbox::Outgoing};

/// Messages on their way to the producer at once. When they do not suffice for the rate, the burst is slower and says so.
const IN_FLIGHT_MAX: usize = 64;
/// A producer that refuses so many refuses the rest too.
const FAILURES_MAX: u32 = 50;

/// Returns when each message is in the log, or is known not to be.
pub(super) async fn all(
    portal: &Portal,
    order: Order,
    tally: &Arc<Tally>,
    acked: mpsc::Sender<MessageId>,
) {
    let begun = Instant::now();
    let room = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let mut sending = JoinSet::new();
    for number in 0..order.count {
        sleep_until(begun + Duration::from_secs(1) * number / order.rate).await;
        // Never closed.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        if tally.failures() >= FAILURES_MAX {
            break;
        }
        let outgoing = Outgoing {
            headers: String::new(),
            topic: order.topic.clone(),
            key: order.key.clone(),
            message: order.message.replace("{n}", &(number + 1).to_string()),
        };
        let (portal, tally, acked) = (portal.clone(), Arc::clone(tally), acked.clone());
        sending.spawn(async move {
            let clicked = SystemTime::now();
            match outbox::deliver(&portal, outgoing).await {
                Ok(receipt) => {
                    tally.sent(receipt.id, clicked);
                    // Nobody follows any more when the burst was ended.
                    let _ = acked.send(receipt.id).await;
                }
                Err(problem) => tally.failed(problem.problem),
            }
            drop(permit);
        });
        while sending.try_join_next().is_some() {}
    }
    while sending.join_next().await.is_some() {}
}
