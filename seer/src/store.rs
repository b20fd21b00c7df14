//! Where vectors are kept: one interface, two places ([`edge`], [`qdrant`]).

use std::sync::Arc;

use contract::MessageId;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use service::Secret;
use uuid::Uuid;

use crate::config::StoreConfig;

mod edge;
mod name;
mod qdrant;

pub use edge::EdgeStore;
pub use name::Alias;
pub use qdrant::QdrantStore;

/// A chunk of a message with its vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// UUIDv5 of the message's id and the chunk's number: a message that is delivered again changes nothing.
    pub id: Uuid,
    pub dense: Vec<f32>,
    pub sparse: SparseVector,
    pub payload: Payload,
}

/// Weights of words; an index is the hash of its word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseVector {
    pub indices: Vec<u32>,
    pub values: Vec<f32>,
}

/// What is kept with a point, in Qdrant as JSON of these names.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Payload {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The record's Kafka timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// The chunk's number within the message, from 0.
    pub chunk: u32,
    pub text: String,
}

/// What a collection was made with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CollectionSpec {
    pub model: String,
    pub dimension: usize,
}

/// Which points count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// All when empty.
    pub topics: Vec<String>,
    /// From this time on, in milliseconds since 1970-01-01T00:00:00Z.
    pub since_ms: Option<i64>,
    /// Before this time.
    pub until_ms: Option<i64>,
}

/// Vectors to be near to; a list is searched for each that is there.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub dense: Option<Vec<f32>>,
    pub sparse: Option<SparseVector>,
    pub filter: Filter,
    /// Points of each list.
    pub limit: usize,
}

/// A point that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub payload: Payload,
    /// Cosine similarity where dense, BM25 where sparse.
    pub score: f32,
}

/// The best points of each list, the best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundLists {
    pub dense: Vec<Found>,
    pub sparse: Vec<Found>,
}

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another try may succeed, once somebody has seen to it: the store is away, full, damaged, or lets nobody in.
    #[error("the vector store is away: {0}")]
    Away(String),
    /// What was given is wrong, and will be the next time.
    #[error("the vector store refused: {0}")]
    Refused(String),
}

pub type StoreResult<T> = Result<T, StoreError>;

pub type SharedStore = Arc<dyn VectorStore>;

/// Collections of points, and one alias that says which of them answers.
pub trait VectorStore: Send + Sync {
    /// `embedded`, or the address.
    fn name(&self) -> String;

    fn alias(&self) -> &Alias;

    fn create(&self, collection: String, spec: CollectionSpec) -> BoxFuture<'_, StoreResult<()>>;

    /// Deletes a collection; one that is not there is no error.
    fn delete(&self, collection: String) -> BoxFuture<'_, StoreResult<()>>;

    /// The collections that belong to the alias, whether it points to them or not.
    fn collections(&self) -> BoxFuture<'_, StoreResult<Vec<String>>>;

    fn spec(&self, collection: String) -> BoxFuture<'_, StoreResult<CollectionSpec>>;

    /// The collection that answers; `None` when there is none yet.
    fn current(&self) -> BoxFuture<'_, StoreResult<Option<String>>>;

    /// Moves the alias, in one step.
    fn set_current(&self, collection: String) -> BoxFuture<'_, StoreResult<()>>;

    /// Durable when it returns. Points with the same id are replaced.
    fn upsert(&self, collection: String, points: Vec<Point>) -> BoxFuture<'_, StoreResult<()>>;

    fn search(&self, collection: String, query: Query) -> BoxFuture<'_, StoreResult<FoundLists>>;

    /// Points in a collection.
    fn count(&self, collection: String) -> BoxFuture<'_, StoreResult<u64>>;

    /// Finishes what is under way. Nothing is lost without it, but the next start takes longer.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Opens the store that is configured. One that is away is no error: its calls tell.
pub fn open(config: &StoreConfig) -> anyhow::Result<SharedStore> {
    let alias: Alias = config
        .collection
        .parse()
        .map_err(|error| anyhow::anyhow!("SEER_COLLECTION, “{}”: {error}", config.collection))?;
    Ok(match &config.qdrant_url {
        Some(url) => Arc::new(QdrantStore::connect(
            url,
            config.api_key()?.as_ref().map(Secret::reveal),
            alias,
        )?),
        None => Arc::new(EdgeStore::open(&config.data_dir, alias)?),
    })
}
