//! Text into vectors.

use std::sync::Arc;

use futures::future::BoxFuture;

mod embeddings;
mod lanes;
mod minilm;
mod remote;

pub use embeddings::{Embeddings, EmbeddingsState};
pub use lanes::Lane;
pub use minilm::MiniLm;
pub use remote::RemoteEmbedder;

/// An embedding model. Vectors are of length 1, so that their dot product is the cosine of their angle.
pub trait Embedder: Send + Sync {
    /// The model's name, kept with every collection that is made with it.
    fn model(&self) -> &str;

    /// Components of a vector.
    fn dimension(&self) -> usize;

    /// Tokens that the model reads of one text; what is beyond is ignored.
    fn tokens_max(&self) -> usize;

    /// The byte at which each token of a text begins, for cutting it into chunks.
    fn token_starts(&self, text: &str) -> Vec<usize>;

    /// What is best given to one call of [`Self::embed`].
    fn batch_limits(&self) -> BatchLimits;

    /// One vector a text, in the same order.
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>>;

    fn count_tokens(&self, text: &str) -> usize {
        self.token_starts(text).len()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Calls at the same time.
    pub calls: usize,
    pub texts: usize,
    /// The number of texts times the bytes of the longest.
    pub bytes: usize,
}

/// Why there are no vectors now.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EmbedError {
    /// Another try may succeed.
    #[error("{0}")]
    Away(String),
    /// Another try will not help.
    #[error("the embedding model failed: {0}")]
    Failed(String),
}

pub type SharedEmbedder = Arc<dyn Embedder>;

/// Scales a vector to length 1. One without a direction stays as it is.
fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}
