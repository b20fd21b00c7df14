//! Asks the stations how they are, once a second, for all tabs.

use std::{sync::atomic::Ordering, time::Duration};

use contract::{Readiness, Stage, seer::IndexState, status::StatusSummary};
use service::{ApiResult, health};
use tokio::sync::watch;

use super::{Portal, seer, upstream::Peer};
use crate::flow::{Figure, Flow, Health, SEER, Station};

const INTERVAL: Duration = Duration::from_secs(1);
/// While something is away: whoever waits for it sees it come back at once.
const INTERVAL_UNTIL_READY: Duration = Duration::from_millis(250);

/// The name under which the services report the broker.
const BROKER_CHECK: &str = "kafka";

/// The group of the consumer, unless it was told another one (`CONSUMER_GROUP`); then nobody tells its lag.
const CONSUMER_GROUP: &str = "consumer";

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
    match health_of(answer).reason() {
        None => check.ready(),
        Some(reason) => check.not_ready(reason),
    }
}

fn assemble(portal: &Portal, answers: &Answers) -> Flow {
    let summary = answers.summary.as_ref();
    let index = answers.index.as_ref();
    let total =
        |stage| summary.map(|summary| summary.stages.get(&stage).copied().unwrap_or(0) as f64);
    let rate = |stage| summary.map(|summary| summary.rates.get(&stage).copied().unwrap_or(0.0));
    let waiting = summary.and_then(|summary| Some(*summary.lag.get(CONSUMER_GROUP)? as f64));
    let moving = |stage| rate(stage).is_some_and(|rate| rate > 0.0);
    let sent = portal.sent.load(Ordering::Relaxed) as f64;
    let tabs = portal.tabs.load(Ordering::Relaxed) as f64;
    let stations = vec![
        Station {
            name: "portal".to_owned(),
            health: Health::Ready,
            total: figure("sent here", Some(sent)),
            current: figure("open pages", Some(tabs)),
            moving: moving(Stage::Accepted),
        },
        Station {
            name: "producer".to_owned(),
            health: health_of(&answers.producer),
            total: figure("accepted", total(Stage::Accepted)),
            current: figure("per second", rate(Stage::Accepted)),
            moving: moving(Stage::Streamed),
        },
        Station {
            name: "streamer".to_owned(),
            health: broker_health(answers),
            total: figure("streamed", total(Stage::Streamed)),
            current: figure("per second", rate(Stage::Streamed)),
            moving: moving(Stage::Consumed) || moving(Stage::Indexed),
        },
        Station {
            name: "consumer".to_owned(),
            health: health_of(&answers.consumer),
            total: figure("consumed", summary.map(|summary| summary.n_consumed as f64)),
            current: figure("waiting", waiting),
            moving: moving(Stage::Consumed),
        },
        Station {
            name: SEER.to_owned(),
            health: health_of(&answers.seer),
            total: figure("points", index.map(|index| index.points as f64)),
            current: figure("waiting", index.and_then(|index| Some(index.lag? as f64))),
            moving: moving(Stage::Indexed),
        },
    ];
    Flow {
        stations,
        index: index.map(seer::describe),
    }
}

fn figure(label: &str, value: Option<f64>) -> Figure {
    Figure {
        label: label.to_owned(),
        value,
    }
}

fn health_of(answer: &ApiResult<Readiness>) -> Health {
    match answer {
        Err(problem) => Health::Away {
            reason: problem.problem.detail.clone(),
        },
        Ok(readiness) if readiness.ready => Health::Ready,
        Ok(readiness) => Health::Ailing {
            reason: missing(readiness),
        },
    }
}

/// What a service says it lacks.
fn missing(readiness: &Readiness) -> String {
    let failed = readiness.checks.iter().filter(|(_, check)| !check.ready);
    let reasons = failed.map(|(name, check)| match &check.reason {
        Some(reason) => format!("{name}: {reason}"),
        None => name.clone(),
    });
    reasons.collect::<Vec<_>>().join("; ")
}

/// The broker speaks no HTTP: those who are connected to it say how it is.
fn broker_health(answers: &Answers) -> Health {
    let witnesses = [&answers.producer, &answers.consumer, &answers.seer];
    let mut checks = witnesses
        .into_iter()
        .filter_map(|answer| answer.as_ref().ok()?.checks.get(BROKER_CHECK));
    let Some(first) = checks.next() else {
        return Health::Unknown;
    };
    if first.ready || checks.any(|check| check.ready) {
        return Health::Ready;
    }
    let reason = first
        .reason
        .clone()
        .unwrap_or_else(|| "it does not answer".to_owned());
    Health::Away { reason }
}

#[cfg(test)]
mod tests {
    use contract::Check;
    use service::ApiProblem;

    use super::*;

    fn readiness(broker_reason: Option<&str>) -> ApiResult<Readiness> {
        let check = Check {
            ready: broker_reason.is_none(),
            reason: broker_reason.map(str::to_owned),
        };
        Ok(Readiness {
            ready: check.ready,
            checks: [(BROKER_CHECK.to_owned(), check)].into(),
        })
    }

    fn away() -> ApiResult<Readiness> {
        Err(ApiProblem::unavailable("away", "Away", "Nothing answers."))
    }

    #[test]
    fn the_broker_is_as_its_clients_say() {
        let health = |producer, consumer| {
            broker_health(&Answers {
                producer,
                consumer,
                seer: away(),
                summary: None,
                index: None,
            })
        };
        assert_eq!(health(away(), away()), Health::Unknown);
        assert_eq!(health(readiness(None), away()), Health::Ready);
        assert_eq!(
            health(readiness(Some("no broker")), readiness(None)),
            Health::Ready
        );
        let gone = Health::Away {
            reason: "no broker".to_owned(),
        };
        assert_eq!(health(readiness(Some("no broker")), away()), gone);
    }

    #[test]
    fn a_service_that_answers_but_is_not_ready_says_what_it_lacks() {
        let ailing = Health::Ailing {
            reason: "kafka: no broker".to_owned(),
        };
        assert_eq!(health_of(&readiness(Some("no broker"))), ailing);
    }
}
