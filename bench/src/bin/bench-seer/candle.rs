//! The same model with candle alone, as its examples use it: what the seer's rate is measured against.

use std::{env, fs, path::PathBuf};

use anyhow::Context;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use tokenizers::{PaddingParams, Tokenizer, TruncationParams};

const BATCH: usize = 16;
const TOKENS_MAX: usize = 256;

pub(crate) struct CandleAlone {
    pub(crate) name: String,
    pub(crate) dimension: usize,
    bert: BertModel,
    tokenizer: Tokenizer,
}

impl CandleAlone {
    pub(crate) fn load(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        let folder = match folder {
            Some(folder) => folder,
            None => default_folder()?,
        };
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path)
                .with_context(|| format!("cannot read {}: run `cargo xtask model`", path.display()))
        };
        let config: Config = serde_json::from_slice(&read("config.json")?)?;
        let mut tokenizer = Tokenizer::from_bytes(read("tokenizer.json")?)
            .map_err(|error| anyhow::anyhow!("tokenizer.json: {error}"))?;
        let truncation = TruncationParams {
            max_length: TOKENS_MAX,
            ..TruncationParams::default()
        };
        tokenizer.with_padding(Some(PaddingParams::default()));
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(|error| anyhow::anyhow!("tokenizer.json: {error}"))?;
        let weights = read("model.safetensors")?;
        let variables = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)?;
        Ok(Self {
            name: folder
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            dimension: config.hidden_size,
            bert: BertModel::load(variables, &config)?,
            tokenizer,
        })
    }

    pub(crate) fn embed(&self, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let encodings = self
                .tokenizer
                .encode_batch(batch.to_vec(), true)
                .map_err(|error| anyhow::anyhow!("tokenizer: {error}"))?;
            let ids: Vec<&[u32]> = encodings
                .iter()
                .map(tokenizers::Encoding::get_ids)
                .collect();
            let mask: Vec<&[u32]> = encodings
                .iter()
                .map(tokenizers::Encoding::get_attention_mask)
                .collect();
            let ids = Tensor::new(ids, &Device::Cpu)?;
            let mask = Tensor::new(mask, &Device::Cpu)?;
            let hidden = self.bert.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
            let weights = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
            let sum = hidden.broadcast_mul(&weights)?.sum(1)?;
            let length = sum.sqr()?.sum_keepdim(1)?.sqrt()?;
            vectors.extend(sum.broadcast_div(&length)?.to_vec2::<f32>()?);
        }
        Ok(vectors)
    }
}

fn default_folder() -> anyhow::Result<PathBuf> {
    let cache = match env::var_os("XDG_CACHE_HOME").filter(|cache| !cache.is_empty()) {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(cache.join("kafkloud/models/all-MiniLM-L6-v2"))
}
