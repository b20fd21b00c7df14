//! HTTP → Kafka, with a receipt for each message.
//!
//! Delivery: a receipt is given only after Kafka's ack from all in-sync replicas, so what has one is in the log. A
//! message whose answer is an error, or is lost on the way back, may be in the log too: a caller that tries again does
//! so with an `Idempotency-Key`, and both attempts carry the same id.

mod app;
mod config;
mod failure;
mod idempotency;
mod ndjson;
mod produce;
mod receipt;
mod target;
mod wait;

use std::time::Duration;

use bus::{BrokerState, Publisher};
use service::{CancellationToken, Limits, health::CheckHandle, health::Health};
use tokio::{net::TcpListener, sync::watch};

pub use config::{GatewayConfig, ProducerConfig};

use crate::app::App;

/// How long messages that wait for their ack may go on after the last request. With the time in which requests end it
/// stays below the 5 s in which `kafkloud up` promises to end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// Time until the head of a response: the longest `Prefer: wait` and the ack before it.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// Serves until `stop`, finishes what was taken, and writes out what still waits.
pub async fn serve(
    listener: TcpListener,
    config: ProducerConfig,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let publisher = Publisher::new(&config.kafka, "kafkloud-producer", config.publisher)?;
    let health = Health::default();
    let watching = tokio::spawn(tell_health(
        publisher.broker_state(),
        health.check("kafka"),
        config.kafka.broker,
    ));
    let limits = Limits {
        body_bytes: config.gateway.body_limit,
        response: RESPONSE_TIMEOUT,
    };
    let app = App::new(publisher.clone(), config.gateway, stop.clone());
    let router = service::router("producer", produce::routes(app), health, limits);
    service::serve_http(listener, router, stop).await?;
    watching.abort();
    publisher.close(FLUSH_TIMEOUT).await;
    Ok(())
}

async fn tell_health(
    mut broker: watch::Receiver<BrokerState>,
    check: CheckHandle,
    address: String,
) {
    loop {
        match *broker.borrow_and_update() {
            BrokerState::Starting => {}
            BrokerState::Up => check.ready(),
            BrokerState::Away { .. } => {
                check.not_ready(format!("no Kafka broker answers at {address}"));
            }
        }
        if broker.changed().await.is_err() {
            return;
        }
    }
}
