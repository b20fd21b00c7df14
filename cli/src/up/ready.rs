//! When the platform can be used.

use std::{fmt, time::Duration};

use contract::Readiness;
use tokio::time::{Instant, timeout_at};

use crate::up::{Addresses, Part};

/// Asking costs next to nothing, and a person waits for the answer.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Parts that cannot do their work, with the reasons they give.
#[derive(Clone, Debug, thiserror::Error)]
pub struct NotReady(pub Vec<(Part, String)>);

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (part, reason)) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}the {part} ({reason})")?;
        }
        Ok(())
    }
}

impl Addresses {
    /// Waits until messages can make their round trip; after `patience`, says which part cannot do its work and why. The
    /// seer is not waited for: its model takes a while to load, and what is sent meanwhile is learned afterwards.
    pub async fn wait_ready(&self, patience: Duration) -> Result<(), NotReady> {
        wait(self, Instant::now() + patience).await
    }
}

async fn wait(addresses: &Addresses, deadline: Instant) -> Result<(), NotReady> {
    let client = addresses.trust.apply(reqwest::Client::builder().no_proxy());
    // A file that cannot be read has been refused by the parts themselves.
    let client = client.ok().and_then(|client| client.build().ok());
    let client = client.unwrap_or_default();
    // The streamer is not asked: it was open before the others started, and they ask it.
    let mut waiting: Vec<_> = [
        (Part::Producer, addresses.producer_url()),
        (Part::Consumer, addresses.consumer_url()),
        (Part::Portal, addresses.portal_url()),
    ]
    .into_iter()
    .map(|(part, url)| {
        (
            part,
            format!("{url}/readyz"),
            "it does not answer".to_owned(),
        )
    })
    .collect();
    loop {
        let mut still_waiting = Vec::new();
        for (part, url, last_reason) in waiting {
            match timeout_at(deadline, reason_not_ready(&client, &url)).await {
                Ok(None) => {}
                Ok(Some(reason)) => still_waiting.push((part, url, reason)),
                Err(_) => still_waiting.push((part, url, last_reason)),
            }
        }
        waiting = still_waiting;
        if waiting.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let reasons = waiting.into_iter().map(|(part, _, reason)| (part, reason));
            return Err(NotReady(reasons.collect()));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn reason_not_ready(client: &reqwest::Client, url: &str) -> Option<String> {
    let readiness: Result<Readiness, _> = match client.get(url).send().await {
        Ok(response) => response.json().await,
        Err(error) => Err(error),
    };
    match readiness {
        Ok(readiness) if readiness.ready => None,
        Ok(readiness) => Some(
            readiness
                .checks
                .into_iter()
                .filter(|(_, check)| !check.ready)
                .map(|(name, check)| format!("{name}: {}", check.reason.unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        Err(error) => Some(format!("it does not answer ({error})")),
    }
}
