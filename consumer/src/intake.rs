//! From Kafka into the status store.
//!
//! Each batch is folded, then acknowledged, then shown. The store keeps the Kafka positions itself, in the same
//! transaction: after a crash reading goes on exactly there, whatever the group has committed. A store that refuses is
//! tried again with the same batch, so nothing is skipped; reading waits meanwhile.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;
use bus::{Batch, KafkaConfig, StartFrom, Subscription, SubscriptionOptions};
use contract::Timestamp;
use service::{CancellationToken, health::CheckHandle};
use tokio::runtime::Handle;

use crate::{
    config::IntakeConfig,
    lives::Lives,
    observation::{Observation, observe},
    store::{FoldBatch, Folded, Partition, Positions, StatusStore},
    totals::Totals,
};

/// Records of one transaction at most. Larger ones gain little and take longer to show.
const BATCH_MAX: usize = 4096;
/// How long leaving the group may take at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a store that refuses is left alone.
const RETRY_DELAY: Duration = Duration::from_millis(500);

pub(crate) struct Intake {
    subscription: Subscription<Observation>,
    store: Arc<dyn StatusStore>,
    store_check: CheckHandle,
    totals: Arc<Totals>,
    lives: Arc<Lives>,
}

impl Intake {
    /// Joins the group at the positions of the store.
    pub(crate) fn start(
        kafka: &KafkaConfig,
        config: &IntakeConfig,
        store: Arc<dyn StatusStore>,
        store_check: CheckHandle,
        totals: Arc<Totals>,
        lives: Arc<Lives>,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        describe_metrics();
        let options = SubscriptionOptions {
            client_id: "kafkloud-consumer",
            group: config.group.clone(),
            topics: config.selection()?,
            batch_max: BATCH_MAX,
        };
        let start = start_from(Claims {
            store: Arc::downgrade(&store),
            check: store_check.clone(),
            stop,
        });
        let subscription = Subscription::start(kafka, options, start, observe)
            .context("cannot subscribe to Kafka")?;
        store_check.ready();
        Ok(Self {
            subscription,
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
            self.totals.reach(&folded.totals);
            self.lives.show(&*self.store, &folded.changed).await;
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
        Some(folded)
    }
}

/// Claims partitions that are assigned to this member of the group.
struct Claims {
    /// The thread that asks may outlive a service that is cut off, and must not keep its store open.
    store: Weak<dyn StatusStore>,
    check: CheckHandle,
    stop: CancellationToken,
}

impl Claims {
    /// Tried until it succeeds: reading from anywhere else would lose or repeat messages. The group waits meanwhile, as long
    /// as for any busy member. After a stop nothing is folded any more, wherever reading begins.
    async fn claim(&self, partitions: Vec<Partition>) -> Positions {
        loop {
            let Some(store) = self.store.upgrade() else {
                return Positions::new();
            };
            let claimed = store.claim(partitions.clone());
            match self.stop.run_until_cancelled(claimed).await {
                Some(Ok(positions)) => return positions,
                Some(Err(error)) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "cannot read the positions of the status store; trying again"
                    );
                    self.check.not_ready("the status store does not answer");
                }
                None => return Positions::new(),
            }
            drop(store);
            let delay = tokio::time::sleep(RETRY_DELAY);
            self.stop.run_until_cancelled(delay).await;
        }
    }
}

fn start_from(claims: Claims) -> StartFrom {
    let runtime = Handle::current();
    StartFrom::Positions(Box::new(move |partitions| {
        let positions = runtime.block_on(claims.claim(partitions.to_vec()));
        claims.check.ready();
        positions
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
