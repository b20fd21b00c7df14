//! How long a message takes from being sent until it can be found, at a steady rate.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::ensure;
use bench::platform::Platform;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::{Row, Wanted, announced::Announced, quantile_ms, service::Service};

const PER_SECOND: u32 = 50;
const P99_WANTED_MS: f64 = 1_000.0;
const TOPIC: &str = "live";

pub(crate) async fn measure(platform: &Platform, duration: Duration) -> anyhow::Result<Row> {
    let service = Service::of(platform);
    let mut announced = Announced::follow(&platform.broker)?;
    // The topic, its partitions and their reader are new.
    service
        .produce(TOPIC, "The first of them.".to_owned())
        .await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sending = JoinSet::new();
    let count = duration.as_secs() as usize * PER_SECOND as usize;
    for number in 0..count {
        ticks.tick().await;
        let service = service.clone();
        sending.spawn(async move {
            let started = Instant::now();
            let text = format!(
                "Parcel number {number} was handed over at door {}.",
                number % 97
            );
            anyhow::Ok((service.produce(TOPIC, text).await?.id, started))
        });
    }
    let mut sent = HashMap::with_capacity(count);
    while let Some(done) = sending.join_next().await {
        let (id, started) = done??;
        sent.insert(id, started);
    }
    let mut took = announced.until_all(sent).await?;
    // What was announced is there.
    let last = format!("parcel number {}", count - 1);
    let found = service.search(&last, "sparse", TOPIC, 1).await?;
    ensure!(!found.hits.is_empty(), "{last} is not found");
    Ok(Row {
        what: format!("sent to searchable at {PER_SECOND}/s, p99"),
        measured: quantile_ms(&mut took, 99)?,
        wanted: Wanted::AtMost(P99_WANTED_MS),
        unit: "ms",
    })
}
