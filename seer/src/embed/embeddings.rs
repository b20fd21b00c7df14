//! The embedding model as the service knows it: it loads in the background, and everybody shares it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use service::Secret;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use super::{EmbedError, Lane, MiniLm, RemoteEmbedder, SharedEmbedder, lanes::Lanes};
use crate::config::EmbeddingsConfig;

/// How often a model that could not be loaded is tried again: somebody may be putting it there.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);
const MODEL_NAME: &str = "all-MiniLM-L6-v2";
/// More threads hardly make a small model faster.
const THREADS_MAX: usize = 4;

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Embeddings {
    state: watch::Receiver<EmbeddingsState>,
    lanes: Lanes,
    _task: Arc<EndsWithThis>,
}

#[derive(Clone)]
pub enum EmbeddingsState {
    /// What is missing, in words for whoever runs the service.
    Missing(String),
    Ready(SharedEmbedder),
}

/// Where a model comes from.
enum Source {
    Folder { folder: PathBuf, threads: usize },
    Api(Box<RemoteEmbedder>),
    Given(SharedEmbedder),
}

struct EndsWithThis(JoinHandle<()>);

impl Drop for EndsWithThis {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Embeddings {
    /// Begins to load the model. `openai_api_key` is for an API without a key of its own.
    pub fn start(
        config: &EmbeddingsConfig,
        openai_api_key: Option<Secret>,
    ) -> anyhow::Result<Self> {
        let source = match &config.embeddings_url {
            Some(url) => {
                let key = config.api_key()?.or(openai_api_key);
                Source::Api(Box::new(RemoteEmbedder::new(
                    url,
                    &config.embeddings_model,
                    key.as_ref().map(Secret::reveal),
                )?))
            }
            None => Source::Folder {
                folder: match &config.model_dir {
                    Some(folder) => folder.clone(),
                    None => default_folder()?,
                },
                threads: threads(config.threads),
            },
        };
        Ok(Self::from_source(source))
    }

    /// With a model that is there already.
    pub fn of(embedder: SharedEmbedder) -> Self {
        Self::from_source(Source::Given(embedder))
    }

    fn from_source(source: Source) -> Self {
        let (sender, state) = watch::channel(EmbeddingsState::Missing("loading".to_owned()));
        let lanes = Lanes::default();
        let task = tokio::spawn(run(source, sender, lanes.clone()));
        Self {
            state,
            lanes,
            _task: Arc::new(EndsWithThis(task)),
        }
    }

    /// For `/readyz`.
    pub fn state(&self) -> watch::Receiver<EmbeddingsState> {
        self.state.clone()
    }

    /// The model, or what is missing.
    pub fn now(&self) -> Result<SharedEmbedder, EmbedError> {
        match &*self.state.borrow() {
            EmbeddingsState::Ready(embedder) => Ok(Arc::clone(embedder)),
            EmbeddingsState::Missing(what) => Err(EmbedError::Away(what.clone())),
        }
    }

    /// The model, as soon as it is there.
    pub async fn ready(&self) -> Result<SharedEmbedder, EmbedError> {
        let mut state = self.state.clone();
        let ready = |state: &EmbeddingsState| matches!(state, EmbeddingsState::Ready(_));
        // An error means that the task is gone, which `now` finds as well.
        let _ = state.wait_for(ready).await;
        self.now()
    }

    /// One vector a text, in the same order. Waits for the model and for who goes first. A caller that gives up frees
    /// its place.
    pub async fn embed(&self, texts: Vec<String>, lane: Lane) -> Result<Vec<Vec<f32>>, EmbedError> {
        let vectors = self.lanes.push(texts, lane);
        vectors
            .await
            .unwrap_or_else(|_| Err(EmbedError::Away("stopping".to_owned())))
    }
}

impl EmbeddingsState {
    /// What is missing, if anything is.
    pub fn missing(&self) -> Option<String> {
        match self {
            Self::Missing(what) => Some(what.clone()),
            Self::Ready(_) => None,
        }
    }
}

async fn run(source: Source, state: watch::Sender<EmbeddingsState>, lanes: Lanes) {
    let embedder = loop {
        match source.load().await {
            Ok(embedder) => break embedder,
            Err(error) => {
                let missing = format!("{error:#}");
                if state.borrow().missing().as_ref() != Some(&missing) {
                    tracing::warn!(error = missing, "the embedding model cannot be loaded");
                    state.send_replace(EmbeddingsState::Missing(missing));
                }
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
        }
    };
    tracing::info!(
        model = embedder.model(),
        dimension = embedder.dimension(),
        "the embedding model is ready"
    );
    state.send_replace(EmbeddingsState::Ready(Arc::clone(&embedder)));
    let limits = embedder.batch_limits();
    let calls = Arc::new(Semaphore::new(limits.calls));
    // The semaphore is never closed. First a free call, then the most urgent texts: those chosen before would wait for it
    // ahead of others that come meanwhile.
    while let Ok(call) = Arc::clone(&calls).acquire_owned().await {
        let batch = lanes.next(limits).await;
        let (embedder, lanes) = (Arc::clone(&embedder), lanes.clone());
        tokio::spawn(async move {
            let texts = batch.iter().map(|item| item.text().to_owned()).collect();
            let vectors = embedder.embed(texts).await;
            lanes.done(&batch, vectors);
            drop(call);
        });
    }
}

impl Source {
    async fn load(&self) -> anyhow::Result<SharedEmbedder> {
        match self {
            Self::Folder { folder, threads } => {
                let (folder, threads) = (folder.clone(), *threads);
                let model = tokio::task::spawn_blocking(move || load(&folder, threads)).await??;
                Ok(Arc::new(model))
            }
            Self::Api(remote) => Ok(Arc::new(remote.connect().await?)),
            Self::Given(embedder) => Ok(Arc::clone(embedder)),
        }
    }
}

fn load(folder: &Path, threads: usize) -> anyhow::Result<MiniLm> {
    MiniLm::load(folder, threads).context(
        "no embedding model: run `make up` (or `cargo xtask model`), or set SEER_MODEL_DIR or EMBEDDINGS_URL",
    )
}

fn threads(configured: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    configured
        .unwrap_or_else(|| cores().min(THREADS_MAX))
        .max(1)
}

/// Where `cargo xtask model` puts it.
pub(super) fn default_folder() -> anyhow::Result<PathBuf> {
    let not_empty = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = match not_empty("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(not_empty("HOME").context("neither SEER_MODEL_DIR nor HOME is set")?)
            .join(".cache"),
    };
    Ok(cache.join("kafkloud/models").join(MODEL_NAME))
}
