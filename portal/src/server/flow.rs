//! Asks the stations how they are, once a second, for all tabs.

mod stations;

use std::time::Duration;

use contract::{Readiness, seer::IndexState, status::StatusSummary};
use service::{ApiResult, health};
use tokio::sync::watch;

use super::{Portal, seer, upstream::Peer};
use crate::flow::Flow;

const INTERVAL: Duration = Duration::from_secs(1);
/// While something is away: whoever waits for it sees it come back at once.
const INTERVAL_UNTIL_READY: Duration = Duration::from_millis(250);

/// What the stations said when they were last asked.
struct Answers {
    producer: ApiResult<Readiness>,
    consumer: ApiResult<Readiness>,
    seer: ApiResult<Readiness>,
    /// Absent when the consumer cannot tell.
    summary: Option<StatusSummary>,
    /// Absent when the seer cannot tell.
    index: Option<IndexState>,
}

/// Keeps `flow` and `health` current until the portal stops. The portal does its work without a seer, so whether that one is
/// there does not count for `health`.
pub(crate) async fn watch(portal: Portal, flow: watch::Sender<Flow>, health: health::Health) {
    let producer_check = health.check(Peer::Producer.name());
    let consumer_check = health.check(Peer::Consumer.name());
    while !portal.stop.is_cancelled() {
        let answers = ask(&portal).await;
        report(&producer_check, &answers.producer);
        report(&consumer_check, &answers.consumer);
        flow.send_replace(assemble(&portal, &answers));
        let pause = if health.readiness().ready {
            INTERVAL
        } else {
            INTERVAL_UNTIL_READY
        };
        tokio::select! {
            () = portal.stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn ask(portal: &Portal) -> Answers {
    let (producer, consumer, seer, summary, index) = tokio::join!(
        portal.upstream.readiness(Peer::Producer),
        portal.upstream.readiness(Peer::Consumer),
        portal.upstream.readiness(Peer::Seer),
        portal.upstream.summary(),
        portal.upstream.index(),
    );
    Answers {
        producer,
        consumer,
        seer,
        summary: summary.ok(),
        index: index.ok(),
    }
}

fn report(check: &health::CheckHandle, answer: &ApiResult<Readiness>) {
    match stations::health_of(answer).reason() {
        None => check.ready(),
        Some(reason) => check.not_ready(reason),
    }
}

fn assemble(portal: &Portal, answers: &Answers) -> Flow {
    Flow {
        stations: stations::all(portal, answers),
        index: answers.index.as_ref().map(seer::describe),
    }
}
