//! The status store on one machine: a SQLite file, one thread that writes, a few connections that read beside it.

use std::{
    collections::HashMap,
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
    thread,
};

use anyhow::{Context, anyhow, bail};
use contract::{
    MessageId,
    status::{LifeList, LifeStats, MessageLife},
};
use futures::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    Beside, FoldBatch, Folded, LifeSearch, Partition, Positions, StageCounts, StatsQuery,
    StatusStore,
};
use crate::config::StoreConfig;
use readers::Readers;
use retention::Retention;

mod fold;
mod keys;
mod readers;
mod retention;
mod row;
mod schema;
mod search;
mod stats;

pub(crate) struct SqliteStore {
    jobs: mpsc::Sender<Job>,
    readers: Readers,
    /// Two processes on one store would each fold a part. The system frees the lock even after a kill.
    _lock: File,
}

enum Job {
    Fold {
        batch: Arc<FoldBatch>,
        reply: oneshot::Sender<anyhow::Result<Folded>>,
    },
    Close {
        closed: oneshot::Sender<()>,
    },
}

impl SqliteStore {
    /// Opens the store in `config.data_dir`, or makes it.
    pub(crate) fn open(config: &StoreConfig) -> anyhow::Result<Self> {
        let dir = &config.data_dir;
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let lock = lock(dir)?;
        let path = dir.join("status.sqlite");
        let context = || format!("cannot open the status store {}", path.display());
        let connection = schema::open(&path).with_context(context)?;
        let readers = Readers::open(&path).with_context(context)?;
        let retention = Retention::new(config);
        // The intake waits for each fold, so that nothing queues up here.
        let (jobs, received) = mpsc::channel(1);
        thread::Builder::new()
            .name("status-writer".to_owned())
            .spawn(move || write(connection, retention, received))
            .context("cannot start a thread")?;
        Ok(Self {
            jobs,
            readers,
            _lock: lock,
        })
    }
}

impl StatusStore for SqliteStore {
    /// The lock on the folder is the claim: there are no other replicas.
    fn claim(&self, partitions: Vec<Partition>) -> BoxFuture<'_, anyhow::Result<Positions>> {
        Box::pin(
            self.readers
                .read(move |connection| row::positions(connection, &partitions)),
        )
    }

    fn fold(&self, batch: Arc<FoldBatch>) -> BoxFuture<'_, anyhow::Result<Folded>> {
        Box::pin(async move {
            let closed = || anyhow!("the status store is closed");
            let (reply, folded) = oneshot::channel();
            let job = Job::Fold { batch, reply };
            self.jobs.send(job).await.map_err(|_| closed())?;
            folded.await.map_err(|_| closed())?
        })
    }

    fn lives(&self, ids: Vec<MessageId>) -> BoxFuture<'_, anyhow::Result<Vec<MessageLife>>> {
        Box::pin(
            self.readers
                .read(move |connection| row::lives(connection, &ids)),
        )
    }

    fn search(&self, search: LifeSearch) -> BoxFuture<'_, anyhow::Result<LifeList>> {
        Box::pin(
            self.readers
                .read(move |connection| search::search(connection, &search)),
        )
    }

    fn stats(&self, query: StatsQuery) -> BoxFuture<'_, anyhow::Result<LifeStats>> {
        Box::pin(
            self.readers
                .read(move |connection| stats::stats(connection, &query)),
        )
    }

    fn with_same_key(&self, id: MessageId) -> BoxFuture<'_, anyhow::Result<Beside>> {
        Box::pin(
            self.readers
                .read(move |connection| keys::with_same_key(connection, id)),
        )
    }

    fn record_sizes(&self) -> BoxFuture<'_, anyhow::Result<HashMap<String, f64>>> {
        Box::pin(self.readers.read(row::record_sizes))
    }

    fn totals(&self) -> BoxFuture<'_, anyhow::Result<StageCounts>> {
        Box::pin(self.readers.read(row::totals))
    }

    /// Writes everything into the one file and closes it.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // The last connection to close is the one that can clear the log beside the file.
            self.readers.close().await;
            let (closed, done) = oneshot::channel();
            // Errors mean that the writer is gone, and with it its connection.
            if self.jobs.send(Job::Close { closed }).await.is_ok() {
                let _ = done.await;
            }
        })
    }
}

/// The writer's thread.
fn write(mut connection: Connection, mut retention: Retention, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Fold { batch, reply } => {
                let rows = batch.observations.len();
                let folded = fold::fold(&mut connection, &batch);
                // Whoever waited may be gone at shutdown; the fold counts all the same.
                let _ = reply.send(folded);
                // After the answer: nobody waits for the clearing.
                if let Err(error) = retention.step(&connection, rows) {
                    tracing::warn!(%error, "cannot clear old rows from the status store");
                }
                if let Ok(bytes) = size_bytes(&connection) {
                    metrics::gauge!("consumer_store_bytes").set(bytes as f64);
                }
            }
            Job::Close { closed } => {
                if let Err((_, error)) = connection.close() {
                    tracing::warn!(%error, "cannot close the status store cleanly");
                }
                let _ = closed.send(());
                return;
            }
        }
    }
}

fn size_bytes(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
}

fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{} is in use by another consumer: stop it, or choose another folder with --data-dir",
            dir.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}
