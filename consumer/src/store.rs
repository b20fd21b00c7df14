//! The status store: the life of each message, folded by id, and the Kafka positions up to which it is folded.
//!
//! A fold is one transaction: either a batch and its positions are in, or neither, so after a crash reading goes on
//! exactly where the state ends. Folding the same record or event again changes nothing and counts nothing.

use std::{collections::HashMap, sync::Arc};

use bus::{BatchEnds, StartPosition};
use contract::{
    MessageId, Stage, Timestamp,
    record::RecordPlace,
    status::{LifeList, LifeStats, MessageLife},
};
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::{config::StoreConfig, observation::Observation};
use postgres::PostgresStore;
use sqlite::SqliteStore;

mod counted;
mod life_row;
mod postgres;
mod sqlite;

/// Opens the store that is configured. What other replicas fold into a shared one comes through the receiver; there are none
/// beside a store of one's own.
pub(crate) async fn open(
    config: &StoreConfig,
) -> anyhow::Result<(Arc<dyn StatusStore>, Option<mpsc::Receiver<FoldedByOthers>>)> {
    match config.database_url()? {
        Some(url) => {
            let (store, others) = PostgresStore::open(&url, config).await?;
            Ok((Arc::new(store), Some(others)))
        }
        None => Ok((Arc::new(SqliteStore::open(config)?), None)),
    }
}

/// What one transaction adds.
#[derive(Clone, Debug)]
pub(crate) struct FoldBatch {
    pub(crate) observations: Vec<Observation>,
    pub(crate) ends: BatchEnds,
    /// When the messages count as consumed.
    pub(crate) at: Timestamp,
}

/// What a fold changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    /// Messages that reached a stage, in the order of the batch; one may stand here twice.
    pub(crate) changed: Vec<MessageId>,
    /// Messages that have reached each stage since the store was made, this fold's among them.
    pub(crate) totals: StageCounts,
}

/// What another replica has folded into the store.
#[derive(Clone, Debug)]
pub(crate) enum FoldedByOthers {
    /// A part of a fold.
    Part(Folded),
    /// Nothing was heard for a while: anything may have changed.
    Unknown,
}

/// A number for each stage.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct StageCounts([u64; Stage::ALL.len()]);

impl StageCounts {
    pub(crate) fn get(&self, stage: Stage) -> u64 {
        self.0[stage as usize]
    }

    pub(crate) fn add(&mut self, stage: Stage, count: u64) {
        self.0[stage as usize] += count;
    }

    /// What is more in each than in `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let mut more = Self::default();
        for stage in Stage::ALL {
            more.add(stage, self.get(stage).saturating_sub(before.get(stage)));
        }
        more
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        for stage in Stage::ALL {
            self.add(stage, other.get(stage));
        }
    }
}

/// A topic's name and the number of one of its partitions.
pub(crate) type Partition = (String, i32);

/// Where partitions are to be begun. One that is missing was never read.
pub(crate) type Positions = HashMap<Partition, StartPosition>;

/// Which messages are looked for: those to which all of it applies.
#[derive(Clone, Debug, Default)]
pub(crate) struct LifeFilter {
    pub(crate) topic: Option<String>,
    pub(crate) key: Option<Vec<u8>>,
    /// The highest rung so far.
    pub(crate) stage: Option<Stage>,
    /// Streamed from this time on.
    pub(crate) since: Option<Timestamp>,
    /// Streamed before this time.
    pub(crate) until: Option<Timestamp>,
    /// Neither on this rung nor on a higher one. Questions and answers need only be *consumed*.
    pub(crate) not_reached: Option<Stage>,
    /// Dead, or with an error on another rung.
    pub(crate) failed: bool,
    /// Stands in the key or in an error; capital or small ASCII letters are the same.
    pub(crate) text: Option<String>,
}

/// A page of what a filter finds.
#[derive(Clone, Debug)]
pub(crate) struct LifeSearch {
    pub(crate) filter: LifeFilter,
    /// Only messages that came before this one.
    pub(crate) before: Option<MessageId>,
    pub(crate) limit: usize,
}

/// Which messages are counted, and how finely.
#[derive(Clone, Debug)]
pub(crate) struct StatsQuery {
    /// Streamed from this time on.
    pub(crate) since: Timestamp,
    /// Streamed before this time.
    pub(crate) until: Timestamp,
    pub(crate) topic: Option<String>,
    /// Parts into which the time is divided; at least one.
    pub(crate) buckets: usize,
}

/// The messages before and after one.
pub(crate) type Beside = (Option<RecordPlace>, Option<RecordPlace>);

/// SQLite in the data folder on one machine; PostgreSQL where several replicas share the work.
pub(crate) trait StatusStore: Send + Sync {
    /// From now on only this replica folds what comes from `partitions`; tells where to begin them.
    fn claim(&self, partitions: Vec<Partition>) -> BoxFuture<'_, anyhow::Result<Positions>>;

    /// Durable when it returns. An error leaves the store as it was: the same batch may be folded again. What comes from
    /// partitions that another replica has claimed is left to that one.
    fn fold(&self, batch: Arc<FoldBatch>) -> BoxFuture<'_, anyhow::Result<Folded>>;

    /// The lives of those messages that are known.
    fn lives(&self, ids: Vec<MessageId>) -> BoxFuture<'_, anyhow::Result<Vec<MessageLife>>>;

    /// The messages that came last among those that are looked for, and the number of all.
    fn search(&self, search: LifeSearch) -> BoxFuture<'_, anyhow::Result<LifeList>>;

    /// The messages between two times in numbers: a second for a million.
    fn stats(&self, query: StatsQuery) -> BoxFuture<'_, anyhow::Result<LifeStats>>;

    /// The messages that came before and after one in its topic with the same key.
    fn with_same_key(&self, id: MessageId) -> BoxFuture<'_, anyhow::Result<Beside>>;

    /// Bytes of an average record of each topic of which one was folded.
    fn record_sizes(&self) -> BoxFuture<'_, anyhow::Result<HashMap<String, f64>>>;

    /// Messages that have reached each stage since the store was made.
    fn totals(&self) -> BoxFuture<'_, anyhow::Result<StageCounts>>;

    /// Lets go of the store in good order. Folds and questions after it fail.
    fn close(&self) -> BoxFuture<'_, ()>;
}

#[cfg(test)]
mod tests;
