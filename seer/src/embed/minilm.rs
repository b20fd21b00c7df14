//! all-MiniLM-L6-v2, or another BERT sentence model in the same layout, computed here with candle.
//!
//! Each thread computes a batch of its own, alone: splitting one batch over threads costs more than it gains with so small
//! a model. candle would split it over the pool it is called from, so every thread is a pool of one.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, mpsc},
    thread,
};

use anyhow::Context;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde::Deserialize;
use tokenizers::Tokenizer;
use tokio::sync::oneshot;

use super::{BatchLimits, EmbedError, Embedder, normalize};
use crate::priority;

/// Texts computed at once. More save nothing on a CPU and take memory for every layer.
const BATCH_TEXTS: usize = 16;
/// About a thousand tokens, a tenth of a second: what a question waits for at most when documents are being computed.
const BATCH_BYTES: usize = 4 * 1024;
const TOKENS_MAX_DEFAULT: usize = 256;
/// Of the computing threads: what people wait for goes first, and half of a core is left when all have work.
const NICE: i32 = 5;

/// Ends its threads when it is dropped.
pub struct MiniLm {
    model: Arc<Model>,
    threads: usize,
    jobs: mpsc::Sender<Job>,
}

struct Model {
    name: String,
    bert: BertModel,
    dimension: usize,
    tokens_max: usize,
    tokenizer: Tokenizer,
}

struct Job {
    texts: Vec<String>,
    answer: oneshot::Sender<Result<Vec<Vec<f32>>, EmbedError>>,
}

/// `sentence_bert_config.json`
#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: usize,
}

impl MiniLm {
    /// Loads `config.json`, `tokenizer.json` and `model.safetensors` of a folder, which takes about a second.
    pub fn load(folder: &Path, threads: usize) -> anyhow::Result<Self> {
        let model = Arc::new(Model::load(folder)?);
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let (model, waiting) = (Arc::clone(&model), Arc::clone(&waiting));
            thread::Builder::new()
                .name(format!("embed-{number}"))
                .spawn(move || work(&model, &waiting))
                .context("cannot start a thread")?;
        }
        Ok(Self {
            model,
            threads,
            jobs,
        })
    }
}

fn work(model: &Model, waiting: &Mutex<mpsc::Receiver<Job>>) {
    priority::lower(NICE);
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build();
    if let Err(error) = alone {
        tracing::warn!(%error, "embedding with more threads than told to");
    }
    loop {
        let job = waiting.lock().recv();
        let Ok(job) = job else { return };
        let vectors = catch_unwind(AssertUnwindSafe(|| model.embed(&job.texts)));
        let vectors = vectors.unwrap_or_else(|_| Err(anyhow::anyhow!("panicked")));
        // Whoever asked may be gone.
        let _ = job
            .answer
            .send(vectors.map_err(|error| EmbedError::Failed(format!("{error:#}"))));
    }
}

impl Model {
    #[allow(unsafe_code)]
    fn load(folder: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let config: Config =
            serde_json::from_slice(&read("config.json")?).context("config.json")?;
        let tokens_max = match read("sentence_bert_config.json") {
            Ok(text) => {
                serde_json::from_slice::<SentenceConfig>(&text)
                    .context("sentence_bert_config.json")?
                    .max_seq_length
            }
            Err(_) => TOKENS_MAX_DEFAULT,
        };
        let mut tokenizer = Tokenizer::from_bytes(read("tokenizer.json")?)
            .map_err(|error| anyhow::anyhow!("tokenizer.json: {error}"))?;
        // Done in `embed`: here it would hold for counting too.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| anyhow::anyhow!("tokenizer.json: {error}"))?;
        let weights = folder.join("model.safetensors");
        // SAFETY: the file is only mapped while the weights are copied out of it; it is the user's own and not written
        // meanwhile.
        let variables =
            unsafe { VarBuilder::from_mmaped_safetensors(&[weights], DType::F32, &Device::Cpu) }
                .context("model.safetensors")?;
        let bert = BertModel::load(variables, &config).context("model.safetensors")?;
        Ok(Self {
            name: folder.file_name().map_or_else(
                || "model".to_owned(),
                |name| name.to_string_lossy().into_owned(),
            ),
            bert,
            dimension: config.hidden_size,
            tokens_max: tokens_max.min(config.max_position_embeddings),
            tokenizer,
        })
    }

    /// Mean of the last layer's token vectors, those of padding left out, scaled to length 1: what the model was trained
    /// with.
    fn embed(&self, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
        let rows = texts
            .iter()
            .map(|text| self.token_ids(text))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(rows.len() * width);
        let mut mask = Vec::with_capacity(rows.len() * width);
        for row in &rows {
            let padding = width - row.len();
            ids.extend(row.iter().copied().chain(std::iter::repeat_n(0, padding)));
            mask.extend(row.iter().map(|_| 1_u32));
            mask.extend(std::iter::repeat_n(0, padding));
        }
        let shape = (rows.len(), width);
        let ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu)?;
        let hidden = self.bert.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let weights = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
        // The sum has the direction of the mean.
        let mut vectors: Vec<Vec<f32>> = hidden.broadcast_mul(&weights)?.sum(1)?.to_vec2()?;
        vectors.iter_mut().for_each(|vector| normalize(vector));
        Ok(vectors)
    }

    /// With the tokens that mark begin and end, as many as the model reads.
    fn token_ids(&self, text: &str) -> anyhow::Result<Vec<u32>> {
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|error| anyhow::anyhow!("tokenizer: {error}"))?;
        let mut ids = encoding.get_ids().to_vec();
        if ids.len() > self.tokens_max
            && let Some(end) = ids.pop()
        {
            ids.truncate(self.tokens_max - 1);
            ids.push(end);
        }
        Ok(ids)
    }
}

impl Embedder for MiniLm {
    fn model(&self) -> &str {
        &self.model.name
    }

    fn dimension(&self) -> usize {
        self.model.dimension
    }

    fn tokens_max(&self) -> usize {
        // Without those that mark begin and end.
        self.model.tokens_max - 2
    }

    fn token_starts(&self, text: &str) -> Vec<usize> {
        // What the tokenizer fails on it fails on again when it is embedded, and says so.
        let encoding = self.model.tokenizer.encode(text, false);
        encoding.map_or_else(
            |_| Vec::new(),
            |encoding| encoding.get_offsets().iter().map(|token| token.0).collect(),
        )
    }

    fn batch_limits(&self) -> BatchLimits {
        BatchLimits {
            calls: self.threads,
            texts: BATCH_TEXTS,
            bytes: BATCH_BYTES,
        }
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        let (answer, answered) = oneshot::channel();
        // Without threads, the answer's sender is dropped with the job.
        let _ = self.jobs.send(Job { texts, answer });
        Box::pin(async move {
            let ended = || EmbedError::Failed("its threads have ended".to_owned());
            answered.await.unwrap_or_else(|_| Err(ended()))
        })
    }
}

#[cfg(test)]
mod tests;
