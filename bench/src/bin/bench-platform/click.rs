use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use contract::{Receipt, Stage, status::MessageLife};
use reqwest::Client;
use tokio::{task::JoinSet, time::MissedTickBehavior};

/// The first clicks open connections and are not counted.
const WARM_UP: usize = 50;

/// Clicks DoIt at a steady rate, each as the page does: the message to the portal, then the portal's events until the
/// message is consumed. A click that comes late because the one before is slow still counts from its own start.
pub(crate) async fn measure(
    portal_url: &str,
    clicks: usize,
    interval: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let client = Client::new();
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut in_flight = JoinSet::new();
    for number in 0..WARM_UP + clicks {
        ticks.tick().await;
        let click = click(client.clone(), portal_url.to_owned(), number);
        in_flight.spawn(async move { (number, click.await) });
    }
    let mut took = Vec::with_capacity(clicks);
    while let Some(done) = in_flight.join_next().await {
        let (number, duration) = done?;
        let duration = duration?;
        if number >= WARM_UP {
            took.push(duration);
        }
    }
    Ok(took)
}

async fn click(client: Client, portal_url: String, number: usize) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let message = serde_json::json!({
        "topic": "stream",
        "key": format!("click-{number}"),
        "message": format!("{{\"order\":{number}}}"),
    });
    let sent = client
        .post(format!("{portal_url}/api/outbox"))
        .header("origin", &portal_url)
        .json(&message)
        .send()
        .await?;
    let receipt: Receipt = sent.error_for_status()?.json().await?;
    let mut events = client
        .get(format!("{portal_url}/api/events?ids={}", receipt.id))
        .send()
        .await?
        .error_for_status()?;
    let mut received = Vec::new();
    while let Some(bytes) = events.chunk().await? {
        received.extend_from_slice(&bytes);
        ensure!(received.len() < 1 << 20, "no life among the events");
        if is_done(&received).context("an event is not what the contract says")? {
            return Ok(started.elapsed());
        }
    }
    anyhow::bail!("the events ended before the message was done")
}

/// Whether some complete event in `received` (SSE) says that the message is consumed.
fn is_done(received: &[u8]) -> anyhow::Result<bool> {
    let text = String::from_utf8_lossy(received);
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut event = "";
    for line in complete.lines() {
        if let Some(name) = line.strip_prefix("event:") {
            event = name.trim();
        } else if let Some(data) = line.strip_prefix("data:")
            && event == "life"
        {
            let life: MessageLife = serde_json::from_str(data.trim())?;
            if life.has_reached(Stage::Consumed) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
