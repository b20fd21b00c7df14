//! The status store that several replicas share: a PostgreSQL database.
//!
//! Who folds what: Kafka gives each partition to one replica. A replica that is given partitions first claims them here, in
//! one transaction that also reads where to begin, and a fold takes only what comes from partitions that its replica has
//! claimed. So one that Kafka has written off while it hung, or that was cut off with a batch in its hands, folds nothing of
//! what another one reads already: it is fenced off by the row it would have to write. A message and its events may come
//! through different replicas; both fold into the row of its id.
//!
//! Folds take place one after another, by the lock of the one row of `status_store`. They would wait for each other anyway
//! at the totals. So there are no deadlocks, rows are numbered without gaps in the order in which they become visible, and
//! what a fold found stays true until it ends. What replicas share is everything else: fetching, decoding, questions,
//! viewers.
//!
//! Who watches at another replica hears of a fold by NOTIFY, which PostgreSQL sends when, and only if, the fold is durable.

use std::{collections::HashMap, sync::Arc};

use anyhow::anyhow;
use contract::{
    MessageId,
    status::{LifeList, LifeStats, MessageLife},
};
use futures::future::BoxFuture;
use service::Secret;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    Beside, FoldBatch, Folded, FoldedByOthers, LifeSearch, Partition, Positions, StageCounts,
    StatsQuery, StatusStore,
};
use crate::config::StoreConfig;
use address::Address;
use connections::Connections;
use writer::{Job, Writer};

mod address;
mod claim;
mod columns;
mod connections;
mod fold;
mod keys;
mod merge;
mod notify;
mod retention;
mod row;
mod schema;
mod search;
mod stats;
mod tls;
mod writer;

/// What others may be ahead with before PostgreSQL has to keep it for us.
const OTHERS_AHEAD: usize = 256;

pub(crate) struct PostgresStore {
    jobs: mpsc::Sender<Job>,
    readers: Connections,
    /// Which replica this is, from its start to its end.
    replica: Uuid,
}

impl PostgresStore {
    /// Connects to the database and makes the tables when there are none.
    pub(crate) async fn open(
        url: &Secret,
        config: &StoreConfig,
    ) -> anyhow::Result<(Self, mpsc::Receiver<FoldedByOthers>)> {
        let address = Arc::new(Address::parse(url)?);
        let store = schema::open(&address).await?;
        // Nobody else may have it.
        let replica = Uuid::new_v5(&Uuid::nil(), Secret::random()?.reveal().as_bytes());
        let (sender, others) = mpsc::channel(OTHERS_AHEAD);
        tokio::spawn(notify::listen(Arc::clone(&address), store, replica, sender));
        // The intake waits for each fold, so that nothing queues up here.
        let (jobs, received) = mpsc::channel(1);
        let writer = Writer::new(Arc::clone(&address), config, store, replica);
        tokio::spawn(writer.run(received));
        let opened = Self {
            jobs,
            readers: Connections::new(address),
            replica,
        };
        Ok((opened, others))
    }
}

impl StatusStore for PostgresStore {
    fn claim(&self, partitions: Vec<Partition>) -> BoxFuture<'_, anyhow::Result<Positions>> {
        Box::pin(async move { claim::claim(&self.readers, self.replica, &partitions).await })
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
        Box::pin(async move { row::lives(&self.readers, &ids).await })
    }

    fn search(&self, search: LifeSearch) -> BoxFuture<'_, anyhow::Result<LifeList>> {
        Box::pin(async move { search::search(&self.readers, search).await })
    }

    fn stats(&self, query: StatsQuery) -> BoxFuture<'_, anyhow::Result<LifeStats>> {
        Box::pin(async move { stats::stats(&self.readers, &query).await })
    }

    fn with_same_key(&self, id: MessageId) -> BoxFuture<'_, anyhow::Result<Beside>> {
        Box::pin(async move { keys::with_same_key(&self.readers, id).await })
    }

    fn record_sizes(&self) -> BoxFuture<'_, anyhow::Result<HashMap<String, f64>>> {
        Box::pin(async move { row::record_sizes(&self.readers).await })
    }

    fn totals(&self) -> BoxFuture<'_, anyhow::Result<StageCounts>> {
        Box::pin(async move { row::totals(&self.readers).await })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.readers.close();
            let (closed, done) = oneshot::channel();
            // Errors mean that the writer is gone, and with it its connection.
            if self.jobs.send(Job::Close { closed }).await.is_ok() {
                let _ = done.await;
            }
        })
    }
}
