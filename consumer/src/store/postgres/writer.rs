use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{address::Address, connections, fold, retention::Retention};
use crate::{
    config::StoreConfig,
    store::{FoldBatch, Folded},
};

/// How long a fold may take, the wait for those of other replicas included. After it nobody knows whether it is in, and it
/// may be tried again all the same.
const FOLD_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) enum Job {
    Fold {
        batch: Arc<FoldBatch>,
        reply: oneshot::Sender<anyhow::Result<Folded>>,
    },
    Close {
        closed: oneshot::Sender<()>,
    },
}

/// Folds on a connection of its own.
pub(super) struct Writer {
    address: Arc<Address>,
    client: Option<Client>,
    retention: Retention,
    store: Uuid,
    replica: Uuid,
}

impl Writer {
    pub(super) fn new(
        address: Arc<Address>,
        config: &StoreConfig,
        store: Uuid,
        replica: Uuid,
    ) -> Self {
        Self {
            address,
            client: None,
            retention: Retention::new(config),
            store,
            replica,
        }
    }

    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.recv().await {
            match job {
                Job::Fold { batch, reply } => {
                    let folded = timeout(FOLD_TIMEOUT, self.fold(&batch)).await;
                    let folded = folded.unwrap_or_else(|_| Err(anyhow!("no answer in time")));
                    if folded.is_err() {
                        // Whatever it was in the middle of ends with it.
                        self.client = None;
                    }
                    // Whoever waited may be gone at shutdown; the fold counts all the same.
                    let _ = reply.send(folded);
                    // After the answer: nobody waits for the clearing.
                    self.clear(batch.observations.len()).await;
                }
                Job::Close { closed } => {
                    drop(self.client);
                    let _ = closed.send(());
                    return;
                }
            }
        }
    }

    async fn fold(&mut self, batch: &FoldBatch) -> anyhow::Result<Folded> {
        let (store, replica) = (self.store, self.replica);
        let client = self.connected().await?;
        let folded = fold::fold(client, batch, store, replica).await;
        folded.context("PostgreSQL did not take it")
    }

    async fn connected(&mut self) -> anyhow::Result<&mut Client> {
        let usable = self.client.take().filter(|client| !client.is_closed());
        let client = match usable {
            Some(client) => client,
            None => connections::connect(&self.address).await?,
        };
        Ok(self.client.insert(client))
    }

    async fn clear(&mut self, added: usize) {
        let Some(client) = &mut self.client else {
            return;
        };
        let cleared = timeout(FOLD_TIMEOUT, self.retention.step(client, added)).await;
        let cleared = cleared.unwrap_or_else(|_| Err(anyhow!("no answer in time")));
        if let Err(error) = cleared {
            let error = format!("{error:#}");
            tracing::warn!(error, "cannot clear old rows from the status store");
            self.client = None;
        }
    }
}
