//! From Kafka into the status store.
//!
//! Each batch is folded, then acknowledged, then shown. The store keeps the Kafka positions itself, in the same
//! transaction: after a crash reading goes on exactly there, whatever the group has committed. A store that refuses is
//! tried again with the same batch, so nothing is skipped; reading waits meanwhile.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;
use bus::{Batch, KafkaConfig, StartFrom, StartPosition, Subscription, SubscriptionOptions};
use contract::Timestamp;
use parking_lot::Mutex;
use service::{CancellationToken, health::CheckHandle};

use crate::{
    config::IntakeConfig,
    lives::Lives,
    observation::{Observation, observe},
    store::{FoldBatch, Folded, StatusStore},
    totals::Totals,
};

/// Records of one transaction at most. Larger ones gain little and take longer to show.
const BATCH_MAX: usize = 4096;
/// How long leaving the group may take at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a store that refuses is left alone.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// The positions of the store, for partitions that are assigned while it runs.
type Positions = Arc<Mutex<HashMap<(Arc<str>, i32), StartPosition>>>;

pub(crate) struct Intake {
    subscription: Subscription<Observation>,
    positions: Positions,
    store: Arc<dyn StatusStore>,
    store_check: CheckHandle,
    totals: Arc<Totals>,
    lives: Arc<Lives>,
}

impl Intake {
    /// Joins the group at the positions of the store.
    pub(crate) async fn start(
        kafka: &KafkaConfig,
        config: &IntakeConfig,
        store: Arc<dyn StatusStore>,
        store_check: CheckHandle,
        totals: Arc<Totals>,
        lives: Arc<Lives>,
    ) -> anyhow::Result<Self> {
        describe_metrics();
        let stored = store.positions().await?;
        let positions: Positions = Arc::new(Mutex::new(
            stored
                .into_iter()
                .map(|stored| ((Arc::from(stored.topic), stored.partition), stored.start))
                .collect(),
        ));
        let options = SubscriptionOptions {
            client_id: "kafkloud-consumer",
            group: config.group.clone(),
            topics: config.selection()?,
            batch_max: BATCH_MAX,
        };
        let start = start_from(Arc::clone(&positions));
        let subscription = Subscription::start(kafka, options, start, observe)
            .context("cannot subscribe to Kafka")?;
        store_check.ready();
        Ok(Self {
            subscription,
            positions,
            store,
            store_check,
            totals,
            lives,
        })
    }

    /// Folds until `stop`; ends early only with an error.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let acks = self.subscription.acks();
        let result = loop {
            let batch = tokio::select! {
                () = stop.cancelled() => break Ok(()),
                batch = self.subscription.recv() => batch,
            };
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => break Err(error.into()),
            };
            let ends = batch.ends.clone();
            let Some(folded) = self.fold(batch, &stop).await else {
                break Ok(());
            };
            acks.batch_done(&ends);
            self.totals.add(&folded.reached);
            if let Err(error) = self.show(&folded).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "changes not shown to those who watch"
                );
            }
        };
        self.subscription.close(CLOSE_TIMEOUT).await;
        result
    }

    /// Folds a batch, as often as it takes; `None` when `stop` came first.
    async fn fold(&self, batch: Batch<Observation>, stop: &CancellationToken) -> Option<Folded> {
        let records = batch.records.len();
        let batch = Arc::new(FoldBatch {
            observations: batch.records,
            ends: batch.ends,
            at: Timestamp::from(SystemTime::now()),
        });
        let folded = loop {
            let started = Instant::now();
            match self.store.fold(Arc::clone(&batch)).await {
                Ok(folded) => {
                    metrics::histogram!("consumer_fold_duration_seconds").record(started.elapsed());
                    break folded;
                }
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "cannot write the status store; trying again"
                    );
                    self.store_check
                        .not_ready("the status store cannot be written");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(RETRY_DELAY) => {}
            }
        };
        self.store_check.ready();
        metrics::counter!("consumer_records_total").increment(records as u64);
        metrics::histogram!("consumer_batch_records").record(records as f64);
        let mut positions = self.positions.lock();
        for end in &batch.ends.0 {
            let start = StartPosition {
                next_offset: end.last_offset + 1,
                topic_id: end.topic_id,
            };
            positions.insert((Arc::clone(&end.topic), end.partition), start);
        }
        drop(positions);
        Some(folded)
    }

    async fn show(&self, folded: &Folded) -> anyhow::Result<()> {
        let wanted = self.lives.wanted(&folded.changed);
        if !wanted.ids.is_empty() {
            let lives = self.store.lives(wanted.ids.clone()).await?;
            self.lives.publish(lives, &wanted);
        }
        Ok(())
    }
}

fn start_from(positions: Positions) -> StartFrom {
    StartFrom::Positions(Box::new(move |topic, partition| {
        positions
            .lock()
            .get(&(Arc::from(topic), partition))
            .copied()
    }))
}

fn describe_metrics() {
    metrics::describe_counter!("consumer_records_total", "Records folded, again ones too");
    metrics::describe_histogram!("consumer_batch_records", "Records of one fold");
    metrics::describe_histogram!("consumer_fold_duration_seconds", "Time of one fold");
    metrics::describe_gauge!("consumer_store_bytes", "Size of the status store's file");
    metrics::describe_gauge!(
        "consumer_live_viewers",
        "Streams of live records served now"
    );
    metrics::describe_gauge!("consumer_live_readers", "Kafka readers behind all of them");
}
