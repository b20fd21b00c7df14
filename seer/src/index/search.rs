//! Messages by their nearness to a text.

use std::time::Duration;

use contract::seer::{SearchHit, SearchMode};

use super::{IndexError, SearchQuery, Shared, fusion};
use crate::{embed::Lane, store::Query};

/// How long a question's own embedding may take, waiting included.
const EMBED_TIMEOUT: Duration = Duration::from_secs(10);
/// Chunks taken from each list for every message that is wanted, which may be found by several.
const CHUNKS_PER_HIT: usize = 4;

impl Shared {
    pub(super) async fn search(&self, query: SearchQuery) -> Result<Vec<SearchHit>, IndexError> {
        let SearchQuery {
            text,
            mode,
            filter,
            limit,
        } = query;
        let sparse = (mode != SearchMode::Dense).then(|| self.bm25.query(&text));
        let dense = match mode {
            SearchMode::Sparse => None,
            SearchMode::Dense | SearchMode::Hybrid => Some(self.embed_question(text).await?),
        };
        let query = Query {
            dense,
            sparse,
            filter,
            limit: (limit * CHUNKS_PER_HIT).max(fusion::CHUNKS),
        };
        let targets = self.targets.read().await;
        let Some(collection) = targets.answering.clone() else {
            let missing = self.phase.borrow().missing();
            return Err(IndexError::Away(missing.unwrap_or_default()));
        };
        let lists = self.store.search(collection, query).await?;
        drop(targets);
        Ok(fusion::fuse(lists, mode, limit))
    }

    async fn embed_question(&self, text: String) -> Result<Vec<f32>, IndexError> {
        // A question does not wait for a model that is not there.
        self.embeddings.now()?;
        if let super::Phase::OtherModel(what) = &*self.phase.borrow() {
            return Err(IndexError::OtherModel(what.clone()));
        }
        let embedding = self.embeddings.embed(vec![text], Lane::Question);
        let vectors = tokio::time::timeout(EMBED_TIMEOUT, embedding)
            .await
            .map_err(|_| IndexError::Away("the embedding model does not answer".to_owned()))??;
        let vector = vectors.into_iter().next();
        vector.ok_or_else(|| IndexError::Away("the embedding model gave nothing".to_owned()))
    }
}
