//! How the parts of the platform are, as they and those who use them say.

use contract::Readiness;

use crate::up::Part;

/// The name under which the services report the broker.
const BROKER_CHECK: &str = "kafka";

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Health {
    /// Not asked yet, or nobody can tell.
    #[default]
    Unknown,
    Ready,
    /// It answers, but cannot do its work.
    Ailing(String),
    /// It does not answer.
    Away(String),
}

/// In the order in which a message passes them.
pub(super) const PARTS: [Part; 4] = [Part::Producer, Part::Streamer, Part::Consumer, Part::Seer];

/// What each service said when it was last asked, or why it said nothing.
#[derive(Debug, Default)]
pub(super) struct Parts {
    producer: Option<Result<Readiness, String>>,
    consumer: Option<Result<Readiness, String>>,
    seer: Option<Result<Readiness, String>>,
    /// A platform may have no seer: it is missed only after it was there.
    seer_was_there: bool,
}

impl Health {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Ailing(_) => "not ready",
            Self::Away(_) => "away",
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unknown | Self::Ready => None,
            Self::Ailing(reason) | Self::Away(reason) => Some(reason),
        }
    }
}

impl Parts {
    pub(super) fn hear(&mut self, part: Part, readiness: Result<Readiness, String>) {
        match part {
            Part::Producer => self.producer = Some(readiness),
            Part::Consumer => self.consumer = Some(readiness),
            Part::Seer => {
                self.seer_was_there |= readiness.is_ok();
                self.seer = Some(readiness);
            }
            // Speak no HTTP to us.
            Part::Streamer | Part::Portal => {}
        }
    }

    pub(super) fn health(&self, part: Part) -> Health {
        match part {
            Part::Producer => health_of(self.producer.as_ref()),
            Part::Consumer => health_of(self.consumer.as_ref()),
            Part::Seer => health_of(self.seer.as_ref()),
            Part::Streamer => self.broker(),
            Part::Portal => Health::Unknown,
        }
    }

    /// What is wrong and with whom, the most severe first.
    pub(super) fn complaints(&self) -> Vec<String> {
        let ailing = PARTS.into_iter().filter_map(|part| {
            let health = self.health(part);
            let reason = health.reason()?;
            let missed = part != Part::Seer || self.seer_was_there;
            let complaint = format!("{part} is {}: {reason}", health.word());
            missed.then_some((matches!(health, Health::Ailing(_)), complaint))
        });
        let mut complaints: Vec<_> = ailing.collect();
        complaints.sort_by_key(|(ailing, _)| *ailing);
        complaints.into_iter().map(|(_, words)| words).collect()
    }

    /// The broker speaks no HTTP: those who are connected to it say how it is.
    fn broker(&self) -> Health {
        let witnesses = [&self.producer, &self.consumer, &self.seer];
        let answers = witnesses.into_iter().flatten().flatten();
        let checks: Vec<_> = answers
            .filter_map(|readiness| readiness.checks.get(BROKER_CHECK))
            .collect();
        let reason = |reason: &Option<String>| {
            let reason = reason.as_deref();
            reason.unwrap_or("it does not answer").to_owned()
        };
        match checks.first() {
            None => Health::Unknown,
            Some(_) if checks.iter().any(|check| check.ready) => Health::Ready,
            Some(check) => Health::Away(reason(&check.reason)),
        }
    }
}

fn health_of(answer: Option<&Result<Readiness, String>>) -> Health {
    match answer {
        None => Health::Unknown,
        Some(Err(reason)) => Health::Away(reason.clone()),
        Some(Ok(readiness)) if readiness.ready => Health::Ready,
        Some(Ok(readiness)) => Health::Ailing(readiness.missing()),
    }
}

#[cfg(test)]
mod tests {
    use contract::Check;

    use super::*;

    fn readiness(broker_reason: Option<&str>) -> Result<Readiness, String> {
        let check = Check {
            ready: broker_reason.is_none(),
            reason: broker_reason.map(str::to_owned),
        };
        Ok(Readiness {
            ready: check.ready,
            checks: [(BROKER_CHECK.to_owned(), check)].into(),
        })
    }

    fn away() -> Result<Readiness, String> {
        Err("nothing answers".to_owned())
    }

    #[test]
    fn the_broker_is_as_its_clients_say() {
        let mut parts = Parts::default();
        assert_eq!(parts.health(Part::Streamer), Health::Unknown);
        parts.hear(Part::Producer, readiness(Some("no broker")));
        let gone = Health::Away("no broker".to_owned());
        assert_eq!(parts.health(Part::Streamer), gone);
        parts.hear(Part::Consumer, readiness(None));
        assert_eq!(parts.health(Part::Streamer), Health::Ready);
    }

    #[test]
    fn complaints_name_who_is_not_well() {
        let mut parts = Parts::default();
        assert_eq!(parts.complaints(), [""; 0]);
        parts.hear(Part::Producer, readiness(Some("no broker")));
        parts.hear(Part::Consumer, away());
        // It never was there.
        parts.hear(Part::Seer, away());
        assert_eq!(
            parts.complaints(),
            [
                "streamer is away: no broker",
                "consumer is away: nothing answers",
                "producer is not ready: kafka: no broker"
            ]
        );
        parts.hear(Part::Seer, readiness(None));
        parts.hear(Part::Seer, away());
        let seer = "seer is away: nothing answers".to_owned();
        assert!(parts.complaints().contains(&seer));
    }
}
