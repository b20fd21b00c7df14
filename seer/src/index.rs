//! What the seer knows: the vector store, the embedding model and BM25 as one thing that learns and finds.
//!
//! Delivery: what was given to [`Index::add`] can be found, and is durable, when it returns; a failure may have left a part
//! of it, and giving it again changes nothing, because a point's id is made of the message's id and the chunk's number.
//! A message is immutable, so the same id always has the same chunks and none is ever left over from a longer form; what
//! changes chunks (the model) makes a new collection.

use std::sync::Arc;

use contract::{
    MessageId,
    seer::{IndexState, ReindexProgress, SearchHit, SearchMode},
};
use parking_lot::Mutex;
use tokio::{
    sync::{RwLock, watch},
    task::JoinHandle,
};

use crate::{
    bm25::Bm25,
    embed::{EmbedError, Embeddings, Lane},
    store::{Filter, SharedStore, StoreError},
};

mod add;
mod chunks;
mod fusion;
mod prepare;
mod reindex;
mod search;

pub use reindex::{Log, LogBatch};

/// A message to be learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<String>,
    /// The record's Kafka timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp: Option<i64>,
    /// What can be searched, as `text::of_value` made it.
    pub text: String,
}

/// What to look for.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    pub text: String,
    pub mode: SearchMode,
    pub filter: Filter,
    /// Messages, not chunks.
    pub limit: usize,
}

/// Why the index did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IndexError {
    /// Another try may succeed: the store or the model is away, or loading.
    #[error("{0}")]
    Away(String),
    /// The index was made with another model. The text says what to do.
    #[error("{0}")]
    OtherModel(String),
    /// An index is being made already.
    #[error("the index is being made anew already")]
    Reindexing,
    /// Another try will not help.
    #[error("{0}")]
    Refused(String),
}

/// Whether the index can be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Phase {
    /// What is missing, in words for whoever runs the service.
    Starting(String),
    Ready,
    /// The collection was made with another model: what to do.
    OtherModel(String),
}

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Index {
    shared: Arc<Shared>,
}

struct Shared {
    store: SharedStore,
    embeddings: Embeddings,
    bm25: Bm25,
    phase: watch::Sender<Phase>,
    /// Read-locked while points are written or searched, so that a switch comes between them.
    targets: RwLock<Targets>,
    reindex: Mutex<Option<ReindexProgress>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Collections in use.
#[derive(Clone, Debug, Default)]
struct Targets {
    /// Where is searched. There is none before the first model is known.
    answering: Option<String>,
    /// What is being made, and written to as well.
    filling: Option<String>,
}

impl Index {
    /// Prepares the store's collection in the background; [`Self::phase`] tells when it can be used.
    pub fn open(store: SharedStore, embeddings: Embeddings) -> anyhow::Result<Self> {
        let (phase, _) = watch::channel(Phase::Starting("starting".to_owned()));
        let index = Self {
            shared: Arc::new(Shared {
                store,
                embeddings,
                bm25: Bm25::new()?,
                phase,
                targets: RwLock::default(),
                reindex: Mutex::default(),
                tasks: Mutex::default(),
            }),
        };
        let preparing = tokio::spawn(prepare::run(Arc::downgrade(&index.shared)));
        index.shared.tasks.lock().push(preparing);
        Ok(index)
    }

    /// For `/readyz`, and for whoever waits until it can be used.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.shared.phase.subscribe()
    }

    /// Learns messages: the more at once, the faster. Waits for the model and the store to be there.
    pub async fn add(&self, documents: Vec<Document>) -> Result<(), IndexError> {
        self.shared.usable().await?;
        self.shared.add(documents, Lane::Live, None).await
    }

    /// Messages by their nearness, the best first.
    pub async fn search(&self, query: SearchQuery) -> Result<Vec<SearchHit>, IndexError> {
        self.shared.search(query).await
    }

    /// What is known about it here; the lag and who answers are for others to fill in.
    pub async fn state(&self) -> Result<IndexState, IndexError> {
        let reindex = self.shared.reindex.lock().clone();
        let mut state = IndexState {
            store: self.shared.store.name(),
            reindex,
            ..IndexState::default()
        };
        let targets = self.shared.targets.read().await;
        if let Some(collection) = targets.answering.clone() {
            let spec = self.shared.store.spec(collection.clone()).await?;
            state.points = self.shared.store.count(collection.clone()).await?;
            state.collection = collection;
            state.model = spec.model;
            state.dimension = spec.dimension;
        }
        Ok(state)
    }

    /// Ends what runs in the background and has the store finish. Nothing is lost without it.
    pub async fn close(&self) {
        let tasks = std::mem::take(&mut *self.shared.tasks.lock());
        for task in &tasks {
            task.abort();
        }
        // So that nothing of theirs holds the store any more.
        futures::future::join_all(tasks).await;
        self.shared.store.close().await;
    }
}

impl Phase {
    /// What is missing, if anything is.
    pub fn missing(&self) -> Option<String> {
        match self {
            Self::Starting(what) | Self::OtherModel(what) => Some(what.clone()),
            Self::Ready => None,
        }
    }
}

impl Shared {
    /// Waits until points can be added.
    async fn usable(&self) -> Result<(), IndexError> {
        let mut phase = self.phase.subscribe();
        let known = phase
            .wait_for(|phase| !matches!(phase, Phase::Starting(_)))
            .await;
        match known.as_deref() {
            Ok(Phase::OtherModel(what)) => Err(IndexError::OtherModel(what.clone())),
            _ => Ok(()),
        }
    }
}

impl From<StoreError> for IndexError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away(_) => Self::Away(error.to_string()),
            StoreError::Refused(_) => Self::Refused(error.to_string()),
        }
    }
}

impl From<EmbedError> for IndexError {
    fn from(error: EmbedError) -> Self {
        match error {
            EmbedError::Away(_) => Self::Away(error.to_string()),
            EmbedError::Failed(_) => Self::Refused(error.to_string()),
        }
    }
}
