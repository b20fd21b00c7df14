//! Whether the broker answers, asked again and again.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

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
    },
}

impl BrokerState {
    /// What is missing, for whoever asks whether a service is ready; `address` is where the broker should be.
    pub fn missing(&self, address: &str) -> Option<String> {
        match self {
            Self::Starting => Some("starting".to_owned()),
            Self::Up => None,
            Self::Away { .. } => Some(format!("no Kafka broker answers at {address}")),
        }
    }
}

/// Asks a broker until it is dropped.
#[derive(Debug)]
pub(crate) struct BrokerProbe {
    pub(crate) state: watch::Receiver<BrokerState>,
    /// Dropping it ends the thread.
    _running: Sender<()>,
}

impl BrokerProbe {
    /// `answers` asks the broker and may block for [`ANSWER_TIMEOUT`]: it runs on a thread of its own, not on the
    /// runtime's.
    pub(crate) fn start(answers: impl FnMut() -> bool + Send + 'static) -> std::io::Result<Self> {
        let (_running, ended) = channel();
        let (sender, state) = watch::channel(BrokerState::Starting);
        thread::Builder::new()
            .name("kafka-probe".to_owned())
            .spawn(move || probe(answers, &sender, &ended))?;
        Ok(Self { state, _running })
    }
}

fn probe(
    mut answers: impl FnMut() -> bool,
    state: &watch::Sender<BrokerState>,
    ended: &Receiver<()>,
) {
    loop {
        let up = answers();
        state.send_if_modified(|state| {
            let next = match *state {
                _ if up => BrokerState::Up,
                BrokerState::Away { since } => BrokerState::Away { since },
                _ => BrokerState::Away {
                    since: Instant::now(),
                },
            };
            std::mem::replace(state, next) != next
        });
        let interval = if up { INTERVAL_UP } else { INTERVAL_AWAY };
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
        let probe = BrokerProbe::start(move || answers.recv().unwrap_or(false)).unwrap();
        let mut state = probe.state.clone();
        assert_eq!(*state.borrow(), BrokerState::Starting);

        sender.send(false).unwrap();
        state.changed().await.unwrap();
        let away = *state.borrow_and_update();
        assert!(matches!(away, BrokerState::Away { .. }));

        sender.send(false).unwrap();
        sender.send(true).unwrap();
        state.changed().await.unwrap();
        assert_eq!(*state.borrow(), BrokerState::Up);
    }
}
