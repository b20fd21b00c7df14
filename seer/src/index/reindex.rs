//! The index made anew from the log, while the one before answers.
//!
//! From the beginning on, live messages go to both collections. The log is asked for its end only after that, so every
//! message is either before that end, and read again, or live. When all is read the alias is moved and the collection
//! before deleted. A crash in between leaves a collection without alias, which the next start deletes; nothing that was
//! committed depends on it. With a model other than the collection's there are no live messages until the switch: whoever
//! reads them waits, and gives them then.
//!
//! One seer makes an index at a time. Others on the same alias would not write their messages to the new collection.

use std::{sync::Arc, time::Duration};

use contract::seer::ReindexProgress;
use futures::{StreamExt, future::BoxFuture, stream::BoxStream};

use super::{Document, Index, IndexError, Phase, Shared, prepare::spec_of};
use crate::embed::Lane;

const RETRY_DELAY: Duration = Duration::from_millis(500);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(10);

/// What is in the log, from its beginning to where it ended when it was asked for.
pub struct Log {
    pub records_total: u64,
    pub batches: BoxStream<'static, anyhow::Result<LogBatch>>,
}

/// Some of the log's records.
pub struct LogBatch {
    /// All of them, also those that hold no text.
    pub records: u64,
    pub documents: Vec<Document>,
}

type ReadLog = Box<dyn FnOnce() -> BoxFuture<'static, anyhow::Result<Log>> + Send>;

impl Index {
    /// Begins to make the index anew and returns; [`Index::state`] tells how far it is. `read_log` is called once, when the
    /// new collection gets live messages already.
    pub fn reindex(
        &self,
        read_log: impl FnOnce() -> BoxFuture<'static, anyhow::Result<Log>> + Send + 'static,
    ) -> Result<ReindexProgress, IndexError> {
        let mut progress = self.shared.reindex.lock();
        if progress.as_ref().is_some_and(is_running) {
            return Err(IndexError::Reindexing);
        }
        if let Phase::Starting(what) = &*self.shared.phase.borrow() {
            return Err(IndexError::Away(what.clone()));
        }
        let begun = ReindexProgress::default();
        *progress = Some(begun.clone());
        drop(progress);
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move { shared.reindex(Box::new(read_log)).await });
        self.shared.tasks.lock().push(task);
        Ok(begun)
    }
}

fn is_running(progress: &ReindexProgress) -> bool {
    !progress.finished && progress.error.is_none()
}

impl Shared {
    async fn reindex(self: Arc<Self>, read_log: ReadLog) {
        let phase = self.phase.borrow().clone();
        if matches!(phase, Phase::OtherModel(_)) {
            // Live messages wait from now on, instead of being refused.
            let making = "the index is being made anew with another model";
            self.phase.send_replace(Phase::Starting(making.to_owned()));
        }
        match self.rebuild(read_log).await {
            Ok(collection) => {
                tracing::info!(collection, "the index is made anew");
                self.phase.send_replace(Phase::Ready);
                self.tell(|progress| progress.finished = true);
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "the index is not made anew");
                self.give_up().await;
                self.phase.send_replace(phase);
                self.tell(|progress| progress.error = Some(error));
            }
        }
    }

    async fn rebuild(self: &Arc<Self>, read_log: ReadLog) -> anyhow::Result<String> {
        let embedder = self.embeddings.ready().await?;
        let taken = self.store.collections().await?;
        let collection = self.store.alias().next_collection(&taken);
        tracing::info!(collection, "making the index anew");
        self.store
            .create(collection.clone(), spec_of(embedder.as_ref()))
            .await?;
        self.targets.write().await.filling = Some(collection.clone());
        let mut log = read_log().await?;
        self.tell(|progress| {
            progress.collection.clone_from(&collection);
            progress.records_total = log.records_total;
        });
        while let Some(batch) = log.batches.next().await {
            let batch = batch?;
            persistently(|| self.add(batch.documents.clone(), Lane::Backfill, Some(&collection)))
                .await?;
            self.tell(|progress| progress.records_done += batch.records);
        }
        let before = persistently(|| self.switch(&collection)).await?;
        if let Some(before) = before
            && let Err(error) = self.store.delete(before).await
        {
            tracing::warn!(%error, "the collection before is deleted at the next start");
        }
        Ok(collection)
    }

    /// Lets the new collection answer; returns the one before.
    async fn switch(&self, collection: &str) -> Result<Option<String>, IndexError> {
        let mut targets = self.targets.write().await;
        self.store.set_current(collection.to_owned()).await?;
        targets.filling = None;
        Ok(targets.answering.replace(collection.to_owned()))
    }

    async fn give_up(&self) {
        let unfinished = self.targets.write().await.filling.take();
        if let Some(unfinished) = unfinished
            && let Err(error) = self.store.delete(unfinished).await
        {
            tracing::warn!(%error, "the unfinished collection is deleted at the next start");
        }
    }

    fn tell(&self, change: impl FnOnce(&mut ReindexProgress)) {
        change(self.reindex.lock().get_or_insert_default());
    }
}

/// Tries until it works or can't: a store or a model that is away for a while is no reason to begin anew.
async fn persistently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, IndexError>
where
    F: Future<Output = Result<T, IndexError>>,
{
    let mut delay = RETRY_DELAY;
    loop {
        match attempt().await {
            Err(IndexError::Away(reason)) => {
                tracing::warn!(reason, "making the index anew waits");
                tokio::time::sleep(delay.mul_f64(0.5 + fastrand::f64())).await;
                delay = (delay * 2).min(RETRY_DELAY_MAX);
            }
            done => return done,
        }
    }
}
