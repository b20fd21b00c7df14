//! Any OpenAI-compatible `/embeddings`.

use std::time::Duration;

use anyhow::Context;
use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    middleware::ReqwestService,
    types::embeddings::{CreateEmbeddingRequest, EmbeddingInput, EncodingFormat},
};
use futures::future::BoxFuture;
use reqwest::StatusCode;
use url::Url;

use super::{BatchLimits, EmbedError, Embedder, normalize};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Of one try.
const TIMEOUT: Duration = Duration::from_secs(30);
const TRIES_MAX: u32 = 4;
/// Before the second try; doubled before each further one, give or take a half.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// Models that can be asked for read at least this much; chunks are shorter.
const TOKENS_MAX: usize = 512;
/// Of a word in English, about. What tokens really are is known to the API alone.
const TOKEN_BYTES: usize = 4;

/// Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct RemoteEmbedder {
    client: Client<OpenAIConfig>,
    model: String,
    /// 0 until [`Self::connect`] has learned it.
    dimension: usize,
}

impl RemoteEmbedder {
    /// Connects to nothing yet.
    pub fn new(url: &Url, model: &str, api_key: Option<&str>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .context("EMBEDDINGS_URL")?;
        let config = OpenAIConfig::new()
            .with_api_base(url.as_str().trim_end_matches('/'))
            .with_api_key(api_key.unwrap_or_default());
        Ok(Self {
            // A service of its own, for the client's default one retries by itself, all at the same times.
            client: Client::with_config(config).with_http_service(ReqwestService::new(http)),
            model: model.to_owned(),
            dimension: 0,
        })
    }

    /// Learns the model's dimension, which only an answer tells.
    pub async fn connect(&self) -> Result<Self, EmbedError> {
        let vectors = self.request(vec!["dimension".to_owned()]).await?;
        let dimension = vectors.first().map_or(0, Vec::len);
        if dimension == 0 {
            return Err(EmbedError::Failed("the API's vector is empty".to_owned()));
        }
        Ok(Self {
            dimension,
            ..self.clone()
        })
    }

    async fn request(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        let count = texts.len();
        let request = CreateEmbeddingRequest {
            model: self.model.clone(),
            input: EmbeddingInput::StringArray(texts),
            encoding_format: Some(EncodingFormat::Float),
            user: None,
            dimensions: None,
        };
        let mut tries = 1;
        let answer = loop {
            match self.client.embeddings().create(request.clone()).await {
                Ok(answer) => break answer,
                Err(error) if tries < TRIES_MAX && may_pass(&error) => {
                    let delay = RETRY_DELAY * 2_u32.pow(tries - 1);
                    tracing::debug!(%error, tries, "trying the embeddings API again");
                    tokio::time::sleep(delay.mul_f64(0.5 + fastrand::f64())).await;
                    tries += 1;
                }
                Err(error) => return Err(self.describe(&error)),
            }
        };
        let mut data = answer.data;
        data.sort_by_key(|embedding| embedding.index);
        let mut vectors: Vec<Vec<f32>> = data.into_iter().map(|one| one.embedding).collect();
        let fits = |vector: &Vec<f32>| self.dimension == 0 || vector.len() == self.dimension;
        if vectors.len() != count || !vectors.iter().all(fits) {
            return Err(EmbedError::Away(
                "the embeddings API answers with other vectors than were asked for".to_owned(),
            ));
        }
        vectors.iter_mut().for_each(|vector| normalize(vector));
        Ok(vectors)
    }

    fn describe(&self, error: &OpenAIError) -> EmbedError {
        let base = async_openai::config::Config::api_base(self.client.config());
        match error {
            OpenAIError::ApiError(refused) => {
                let told = format!("the embeddings API {base} answers {refused}");
                match refused.status_code {
                    // It is the text that it does not like.
                    StatusCode::BAD_REQUEST
                    | StatusCode::PAYLOAD_TOO_LARGE
                    | StatusCode::UNPROCESSABLE_ENTITY => EmbedError::Failed(told),
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                        EmbedError::Away(format!("{told}: check EMBEDDINGS_API_KEY"))
                    }
                    _ => EmbedError::Away(told),
                }
            }
            // Without the body, which may be a page.
            OpenAIError::JSONDeserialize(reason, _) => EmbedError::Away(format!(
                "the embeddings API {base} answers something else than embeddings: {reason}"
            )),
            error => EmbedError::Away(format!("the embeddings API {base} is away: {error}")),
        }
    }
}

/// Whether the same request may get an answer a moment later.
fn may_pass(error: &OpenAIError) -> bool {
    match error {
        OpenAIError::Reqwest(error) => !error.is_builder(),
        OpenAIError::ApiError(refused) => {
            refused.status_code == StatusCode::TOO_MANY_REQUESTS
                || refused.status_code.is_server_error()
        }
        _ => false,
    }
}

impl Embedder for RemoteEmbedder {
    fn model(&self) -> &str {
        &self.model
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn tokens_max(&self) -> usize {
        TOKENS_MAX
    }

    /// A guess: words, long ones in pieces.
    fn token_starts(&self, text: &str) -> Vec<usize> {
        let mut starts = Vec::with_capacity(text.len() / TOKEN_BYTES);
        let mut previous_end = None;
        for (start, character) in text.char_indices() {
            if character.is_whitespace() {
                previous_end = None;
            } else if previous_end.is_none_or(|end| start >= end) {
                starts.push(start);
                previous_end = Some(start + TOKEN_BYTES);
            }
        }
        starts
    }

    fn batch_limits(&self) -> BatchLimits {
        BatchLimits {
            calls: 4,
            texts: 64,
            bytes: 128 * 1024,
        }
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        Box::pin(self.request(texts))
    }
}

#[cfg(test)]
mod tests;
