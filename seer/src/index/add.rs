//! Messages into points.

use std::sync::Arc;

use uuid::Uuid;

use super::{Document, IndexError, Shared, Targets, chunks};
use crate::{
    embed::{Lane, SharedEmbedder},
    store::{Payload, Point, SparseVector},
};

/// Points written at once: a long message comes in several writes.
const POINTS_MAX: usize = 256;

/// A point that has no embedding yet.
struct Draft {
    id: Uuid,
    sparse: SparseVector,
    payload: Payload,
}

impl Shared {
    /// Writes to all collections in use, or to the one that is named.
    pub(super) async fn add(
        self: &Arc<Self>,
        documents: Vec<Document>,
        lane: Lane,
        only: Option<&str>,
    ) -> Result<(), IndexError> {
        let embedder = self.embeddings.ready().await?;
        let shared = Arc::clone(self);
        let drafting = tokio::task::spawn_blocking(move || shared.drafts(documents, &embedder));
        let drafts = drafting
            .await
            .map_err(|panic| IndexError::Refused(panic.to_string()))?;
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let drafts: Vec<Draft> = drafts.by_ref().take(POINTS_MAX).collect();
            let texts = drafts.iter().map(|draft| draft.payload.text.clone());
            let vectors = self.embeddings.embed(texts.collect(), lane).await?;
            let points = drafts
                .into_iter()
                .zip(vectors)
                .map(|(draft, dense)| draft.with(dense));
            self.write(points.collect(), only).await?;
        }
        Ok(())
    }

    /// What takes time, but not the model's: for a thread that may be blocked.
    fn drafts(&self, documents: Vec<Document>, embedder: &SharedEmbedder) -> Vec<Draft> {
        let mut drafts = Vec::with_capacity(documents.len());
        for document in documents {
            for (chunk, text) in chunks::split(&document.text, embedder.as_ref())
                .into_iter()
                .enumerate()
            {
                drafts.push(Draft {
                    id: Uuid::new_v5(&document.id.0, &(chunk as u32).to_be_bytes()),
                    sparse: self.bm25.document(text),
                    payload: Payload {
                        id: document.id,
                        topic: document.topic.clone(),
                        partition: document.partition,
                        offset: document.offset,
                        key: document.key.clone(),
                        timestamp: document.timestamp,
                        chunk: chunk as u32,
                        text: text.to_owned(),
                    },
                });
            }
        }
        drafts
    }

    async fn write(&self, points: Vec<Point>, only: Option<&str>) -> Result<(), IndexError> {
        // Held until it is written: after a switch, nothing goes to the collection before.
        let targets = self.targets.read().await;
        let Targets { answering, filling } = &*targets;
        let mut collections = match only {
            Some(only) => vec![only.to_owned()],
            None => answering.iter().chain(filling).cloned().collect(),
        };
        let Some(last) = collections.pop() else {
            return Err(IndexError::Away("there is no collection yet".to_owned()));
        };
        for collection in collections {
            self.store.upsert(collection, points.clone()).await?;
        }
        self.store.upsert(last, points).await?;
        Ok(())
    }
}

impl Draft {
    fn with(self, dense: Vec<f32>) -> Point {
        Point {
            id: self.id,
            dense,
            sparse: self.sparse,
            payload: self.payload,
        }
    }
}
