//! What the services have said, as stations of the map.

use std::sync::atomic::Ordering;

use contract::{Readiness, Stage};
use service::ApiResult;

use super::{Answers, Portal};
use crate::{
    flow::{CONSUMER, Figure, Health, INDEX, PORTAL, PRODUCER, SEER, STATUSES, STREAMER, Station},
    server::seer,
    words,
};

/// The names under which the services report the broker and their stores.
const BROKER_CHECK: &str = "kafka";
const STATUSES_CHECK: &str = "store";
const INDEX_CHECK: &str = "index";

/// The group of the consumer, unless it was told another one (`CONSUMER_GROUP`); then nobody tells its lag.
const CONSUMER_GROUP: &str = "consumer";

/// In the order in which a message passes them.
pub(super) fn all(portal: &Portal, answers: &Answers) -> Vec<Station> {
    let summary = answers.summary.as_ref();
    let index = answers.index.as_ref();
    let total =
        |stage| summary.map(|summary| summary.stages.get(&stage).copied().unwrap_or(0) as f64);
    let rate = |stage| summary.map(|summary| summary.rates.get(&stage).copied().unwrap_or(0.0));
    let moving = |stage| rate(stage).is_some_and(|rate| rate > 0.0);
    let waiting = summary.and_then(|summary| Some(*summary.lag.get(CONSUMER_GROUP)? as f64));
    let sent = portal.sent.load(Ordering::Relaxed) as f64;
    let tabs = portal.tabs.load(Ordering::Relaxed) as f64;
    let known = &portal.platform;
    vec![
        Station {
            name: PORTAL.to_owned(),
            health: Health::Ready,
            figures: vec![
                figure("sent here", Some(sent)),
                figure("open pages", Some(tabs)),
            ],
            facts: vec![
                fact("Address", &known.portal),
                fact("Version", &known.version),
            ],
            moving: moving(Stage::Accepted),
        },
        Station {
            name: PRODUCER.to_owned(),
            health: health_of(&answers.producer),
            figures: vec![
                figure("accepted", total(Stage::Accepted)),
                figure("per second", rate(Stage::Accepted)),
            ],
            facts: with_checks(&known.producer, &answers.producer),
            moving: moving(Stage::Streamed),
        },
        Station {
            name: STREAMER.to_owned(),
            health: broker_health(answers),
            figures: vec![
                figure("streamed", total(Stage::Streamed)),
                figure("per second", rate(Stage::Streamed)),
            ],
            facts: broker_facts(&known.streamer, answers),
            moving: moving(Stage::Consumed) || moving(Stage::Indexed),
        },
        Station {
            name: CONSUMER.to_owned(),
            health: health_of(&answers.consumer),
            figures: vec![
                figure("consumed", summary.map(|summary| summary.n_consumed as f64)),
                figure("waiting", waiting),
            ],
            facts: with_checks(&known.consumer, &answers.consumer),
            moving: moving(Stage::Consumed),
        },
        Station {
            name: SEER.to_owned(),
            health: health_of(&answers.seer),
            figures: vec![
                figure("indexed", total(Stage::Indexed)),
                figure("waiting", index.and_then(|index| Some(index.lag? as f64))),
            ],
            facts: with_checks(&known.seer, &answers.seer),
            moving: moving(Stage::Indexed),
        },
        Station {
            name: STATUSES.to_owned(),
            health: store_health(&answers.consumer, STATUSES_CHECK),
            figures: vec![figure("lives", total(Stage::Streamed))],
            facts: vec![fact(
                "Kept by",
                "the consumer: when each message reached each stage",
            )],
            moving: false,
        },
        Station {
            name: INDEX.to_owned(),
            health: store_health(&answers.seer, INDEX_CHECK),
            figures: vec![figure("points", index.map(|index| index.points as f64))],
            facts: index
                .map(|index| seer::describe(index).facts)
                .unwrap_or_default(),
            moving: false,
        },
    ]
}

fn figure(label: &str, value: Option<f64>) -> Figure {
    Figure {
        label: label.to_owned(),
        value,
    }
}

fn fact(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Where a service is and what it says of all that it needs.
fn with_checks(address: &str, answer: &ApiResult<Readiness>) -> Vec<(String, String)> {
    let mut facts = vec![fact("Address", address)];
    if let Ok(readiness) = answer {
        facts.extend(readiness.checks.iter().map(|(name, check)| {
            let state = match &check.reason {
                _ if check.ready => "ready",
                Some(reason) => reason,
                None => "not ready",
            };
            fact(name, state)
        }));
    }
    facts
}

fn broker_facts(address: &str, answers: &Answers) -> Vec<(String, String)> {
    let mut facts = vec![fact("Address", address)];
    let lags = answers.summary.iter().flat_map(|summary| &summary.lag);
    facts.extend(lags.map(|(group, lag)| {
        let lag = words::number(*lag as f64);
        fact(&format!("Lag of {group}"), &lag)
    }));
    facts
}

/// A service's store, as the service says.
fn store_health(answer: &ApiResult<Readiness>, check: &str) -> Health {
    let check = answer
        .as_ref()
        .ok()
        .and_then(|readiness| readiness.checks.get(check));
    match check {
        None => Health::Unknown,
        Some(check) if check.ready => Health::Ready,
        Some(check) => Health::Ailing {
            reason: check
                .reason
                .clone()
                .unwrap_or_else(|| "it does not answer".to_owned()),
        },
    }
}

pub(super) fn health_of(answer: &ApiResult<Readiness>) -> Health {
    match answer {
        Err(problem) => Health::Away {
            reason: problem.problem.detail.clone(),
        },
        Ok(readiness) if readiness.ready => Health::Ready,
        Ok(readiness) => Health::Ailing {
            reason: readiness.missing(),
        },
    }
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
