//! Whether the broker answers, asked again and again.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::trouble::Trouble;

/// How often a broker that answers is asked again. Twice as long is the most that `/readyz` lags behind.
const INTERVAL_UP: Duration = Duration::from_secs(2);
/// How often a broker that is away is asked again: someone waits for it.
const INTERVAL_AWAY: Duration = Duration::from_millis(250);
/// How long a broker may take to answer before it counts as away.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BrokerState {
    /// Not known yet.
    Starting,
    Up,
    Away {
        since: Instant,
        /// Why it lets nobody in, if it said so.
        trouble: Option<Trouble>,
    },
}

impl BrokerState {
    /// What is missing, for whoever asks whether a service is ready; `address` is where the broker should be.
    pub fn missing(&self, address: &str) -> Option<String> {
        match self {
            Self::Starting => Some("starting".to_owned()),
            Self::Up => None,
            Self::Away { trouble: None, .. } => {
                Some(format!("no Kafka broker answers at {address}"))
            }
            Self::Away {
                trouble: Some(trouble),
                ..
            } => Some(format!("Kafka at {address} cannot be used: {trouble}")),
        }
    }
}

/// Whether the broker answered; if not, what it said of why.
pub(crate) type Outcome = Result<(), Option<Trouble>>;

/// Asks a broker until it is dropped.
#[derive(Debug)]
pub(crate) struct BrokerProbe {
    pub(crate) state: watch::Receiver<BrokerState>,
    /// Dropping it ends the thread.
    _running: Sender<()>,
}

impl BrokerProbe {
    /// `ask` asks the broker and may block for [`ANSWER_TIMEOUT`]: it runs on a thread of its own, not on the runtime's.
    pub(crate) fn start(ask: impl FnMut() -> Outcome + Send + 'static) -> std::io::Result<Self> {
        let (_running, ended) = channel();
        let (sender, state) = watch::channel(BrokerState::Starting);
        thread::Builder::new()
            .name("kafka-probe".to_owned())
            .spawn(move || probe(ask, &sender, &ended))?;
        Ok(Self { state, _running })
    }
}

fn probe(
    mut ask: impl FnMut() -> Outcome,
    state: &watch::Sender<BrokerState>,
    ended: &Receiver<()>,
) {
    loop {
        let outcome = ask();
        state.send_if_modified(|state| {
            let next = match (outcome, *state) {
                (Ok(()), _) => BrokerState::Up,
                (Err(trouble), BrokerState::Away { since, .. }) => {
                    BrokerState::Away { since, trouble }
                }
                (Err(trouble), _) => BrokerState::Away {
                    since: Instant::now(),
                    trouble,
                },
            };
            std::mem::replace(state, next) != next
        });
        let interval = if outcome.is_ok() {
            INTERVAL_UP
        } else {
            INTERVAL_AWAY
        };
        if ended.recv_timeout(interval) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn follows_the_broker_and_remembers_since_when_it_is_away() {
        let (sender, answers) = channel();
        let probe = BrokerProbe::start(move || answers.recv().unwrap_or(Err(None))).unwrap();
        let mut state = probe.state.clone();
        assert_eq!(*state.borrow(), BrokerState::Starting);

        sender.send(Err(None)).unwrap();
        state.changed().await.unwrap();
        let away = *state.borrow_and_update();
        assert!(matches!(away, BrokerState::Away { trouble: None, .. }));
        let missing = away.missing("host:9092").unwrap();
        assert!(missing.contains("no Kafka broker answers at host:9092"));

        sender.send(Err(None)).unwrap();
        sender.send(Err(Some(Trouble::Credentials))).unwrap();
        state.changed().await.unwrap();
        let missing = state.borrow_and_update().missing("host:9092").unwrap();
        assert!(missing.contains("KAFKA_SASL_PASSWORD"), "{missing}");

        sender.send(Ok(())).unwrap();
        state.changed().await.unwrap();
        assert_eq!(*state.borrow(), BrokerState::Up);
    }
}
