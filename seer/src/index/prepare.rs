//! From a store and a model that may be away to an index that can be used.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use super::{IndexError, Phase, Shared};
use crate::{
    embed::{Embedder, SharedEmbedder},
    store::CollectionSpec,
};

const RETRY_DELAY: Duration = Duration::from_millis(500);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

/// Tries until it is known whether the index can be used.
pub(super) async fn run(index: Weak<Shared>) {
    let mut delay = RETRY_DELAY;
    while let Some(shared) = index.upgrade() {
        match shared.prepare().await {
            Ok(phase) => {
                if let Phase::OtherModel(what) = &phase {
                    tracing::error!(reason = what, "nothing is learned");
                }
                shared.phase.send_replace(phase);
                return;
            }
            Err(error) => {
                let missing = error.to_string();
                if shared.phase.borrow().missing().as_ref() != Some(&missing) {
                    tracing::warn!(error = missing, "the index cannot be used yet");
                    shared.phase.send_replace(Phase::Starting(missing));
                }
            }
        }
        drop(shared);
        tokio::time::sleep(delay.mul_f64(0.5 + fastrand::f64())).await;
        delay = (delay * 2).min(RETRY_DELAY_MAX);
    }
}

impl Shared {
    async fn prepare(self: &Arc<Self>) -> Result<Phase, IndexError> {
        let current = self.store.current().await?;
        // What a crash left half filled: nobody will fill it up.
        for collection in self.store.collections().await? {
            if Some(&collection) != current.as_ref() {
                tracing::info!(collection, "deleting an unfinished collection");
                self.store.delete(collection).await?;
            }
        }
        // Words can be searched for before the model is there.
        self.targets.write().await.answering = current.clone();
        let embedder = self.model().await?;
        let wanted = spec_of(embedder.as_ref());
        let Some(current) = current else {
            let first = self.store.alias().next_collection(&[]);
            self.store.create(first.clone(), wanted).await?;
            self.store.set_current(first.clone()).await?;
            self.targets.write().await.answering = Some(first);
            return Ok(Phase::Ready);
        };
        let made_with = self.store.spec(current).await?;
        Ok(if made_with == wanted {
            Phase::Ready
        } else {
            Phase::OtherModel(remedy(&made_with, &wanted))
        })
    }

    /// The model, as soon as it is there. Until then the phase says what is missing, which changes from "loading" to why
    /// that failed.
    async fn model(&self) -> Result<SharedEmbedder, IndexError> {
        let mut state = self.embeddings.state();
        loop {
            match self.embeddings.now() {
                Ok(embedder) => return Ok(embedder),
                Err(missing) => self
                    .phase
                    .send_replace(Phase::Starting(missing.to_string())),
            };
            if state.changed().await.is_err() {
                return Ok(self.embeddings.now()?);
            }
        }
    }
}

pub(super) fn spec_of(embedder: &dyn Embedder) -> CollectionSpec {
    CollectionSpec {
        model: embedder.model().to_owned(),
        dimension: embedder.dimension(),
    }
}

fn remedy(made_with: &CollectionSpec, wanted: &CollectionSpec) -> String {
    let name = |spec: &CollectionSpec| format!("{} ({} components)", spec.model, spec.dimension);
    format!(
        "the index was made with the model {}, and this is {}: run `kafkloud reindex`, or set SEER_MODEL_DIR, EMBEDDINGS_URL or EMBEDDINGS_MODEL back",
        name(made_with),
        name(wanted)
    )
}
