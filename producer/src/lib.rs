//! HTTP → Kafka, with a receipt for each message.
//!
//! Delivery: a receipt is given only after Kafka's ack from all in-sync replicas, so what has one is in the log. A
//! message whose answer is an error, or is lost on the way back, may be in the log too: a caller that tries again does
//! so with an `Idempotency-Key`, and both attempts carry the same id.

mod app;
mod config;
mod failure;
mod given;
mod idempotency;
mod ndjson;
mod openapi;
mod produce;
mod receipt;
mod target;
mod wait;

use std::time::Duration;

use bus::Publisher;
use service::{CancellationToken, Limits, health::Health};
use tokio::net::TcpListener;

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
    let (access, tls) = (config.access.load()?, config.tls.load()?);
    let http = config
        .trust
        .with_token(reqwest::Client::builder(), access.own_token())?
        .build()?;
    let publisher = Publisher::new(&config.kafka, "kafkloud-producer", config.publisher)?;
    let health = Health::default();
    let broker = config.kafka.broker;
    let kafka = health.check("kafka");
    tokio::spawn(kafka.follow(publisher.broker_state(), move |state| {
        state.missing(&broker)
    }));
    let limits = Limits {
        body_bytes: config.gateway.body_limit,
        response: RESPONSE_TIMEOUT,
    };
    let app = App::new(publisher.clone(), config.gateway, http, stop.clone());
    let router = service::router("producer", produce::routes(app), health, limits, access);
    service::serve_api(listener, router, tls, stop).await?;
    publisher.close(FLUSH_TIMEOUT).await;
    Ok(())
}
