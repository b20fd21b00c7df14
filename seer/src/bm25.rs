//! Words into sparse vectors, so that a dot product of document and query is their BM25 score.
//!
//! The store multiplies with each word's inverse document frequency when it searches (Qdrant's `idf` modifier), so a
//! vector stays right as the collection grows.

use qdrant_edge::bm25_embed::{EdgeBm25, EdgeBm25Config};

use crate::store::SparseVector;

/// English words by their stems, without stop words; other scripts by their words as they are.
#[derive(Debug)]
pub struct Bm25(EdgeBm25);

impl Bm25 {
    pub fn new() -> anyhow::Result<Self> {
        let model = EdgeBm25::new(EdgeBm25Config::default());
        Ok(Self(
            model.map_err(|error| anyhow::anyhow!("BM25: {error}"))?,
        ))
    }

    pub fn document(&self, text: &str) -> SparseVector {
        let vector = self.0.embed_document(text);
        SparseVector {
            indices: vector.indices,
            values: vector.values,
        }
    }

    pub fn query(&self, text: &str) -> SparseVector {
        let vector = self.0.embed_query(text);
        SparseVector {
            indices: vector.indices,
            values: vector.values,
        }
    }
}
