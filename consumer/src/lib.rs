//! Kafka → status: reads every message, keeps the life of each, shows both live.
//!
//! Delivery: records arrive at least once and are counted once, because the store folds them by message id and keeps the
//! Kafka positions in the same transaction ([`store`], [`intake`]). What watchers see is a view of it that may skip ahead
//! when they are slow, and says so.

mod app;
mod cluster;
mod config;
mod filter;
mod hub;
mod intake;
mod kafka;
mod lives;
mod observation;
mod others;
mod pace;
mod rates;
mod resume;
mod routes;
mod sampler;
mod scan;
mod selected;
mod sse;
mod stats;
mod store;
mod totals;
mod viewer;

use std::{sync::Arc, time::Duration};

use bus::Admin;
use service::{CancellationToken, Limits, health::Health};
use tokio::{net::TcpListener, task::JoinSet};

pub use config::{ConsumerConfig, IntakeConfig, StoreConfig, ViewerConfig};
pub use filter::filter_worker;

use crate::{app::App, intake::Intake, lives::Lives, others::Others, totals::Totals};

/// Time until the head of a response: the longest `?wait` and a little more.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(65);

/// Serves until `stop`, folds what is in work, commits, and closes the store. A part that fails ends all with its error.
pub async fn serve(
    listener: TcpListener,
    config: ConsumerConfig,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let (access, tls) = (config.access.load()?, config.tls.load()?);
    let health = Health::default();
    let stop = stop.child_token();
    let admin = Admin::new(&config.kafka, "kafkloud-consumer")?;
    let (store, others) = store::open(&config.store).await?;
    let totals = Arc::new(Totals::new(store.totals().await?));
    let lives = Lives::new();
    let intake = Intake::start(
        &config.kafka,
        &config.intake,
        Arc::clone(&store),
        health.check("store"),
        Arc::clone(&totals),
        Arc::clone(&lives),
        stop.clone(),
    )?;
    let others = others.map(|folded| Others {
        folded,
        store: Arc::clone(&store),
        totals: Arc::clone(&totals),
        lives: Arc::clone(&lives),
    });
    tokio::spawn({
        let (admin, stop) = (admin.clone(), stop.clone());
        async move {
            stop.run_until_cancelled(admin.ensure_internal_topics())
                .await
        }
    });
    let broker = config.kafka.broker.clone();
    let kafka = health.check("kafka");
    tokio::spawn(kafka.follow(admin.broker_state(), move |state| state.missing(&broker)));
    let app = App::new(
        &config,
        Arc::clone(&store),
        lives,
        totals,
        admin,
        stop.clone(),
    );
    let limits = Limits {
        body_bytes: 64 * 1024,
        response: RESPONSE_TIMEOUT,
    };
    let router = service::router("consumer", routes::all(app), health, limits, access);
    let mut parts = JoinSet::new();
    parts.spawn(intake.run(stop.clone()));
    if let Some(others) = others {
        parts.spawn(others.follow(stop.clone()));
    }
    parts.spawn(service::serve_api(listener, router, tls, stop.clone()));
    let result = service::join_parts(parts, &stop).await;
    store.close().await;
    result
}
