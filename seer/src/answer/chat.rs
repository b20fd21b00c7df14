//! An OpenAI-compatible chat API.
//!
//! Bounded: a time for the first word and one for all of it, a few tries with pauses of random length, only before the
//! first word. `async-openai`'s own retries are replaced, because they hide the status and pauses are not random.

use std::time::Duration;

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    middleware::HttpRequestFactory,
    types::chat::{
        ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
        ChatCompletionRequestUserMessage, CreateChatCompletionRequest,
    },
};
use futures::{StreamExt, stream::BoxStream};
use reqwest::{StatusCode, header};
use serde::Deserialize;
use service::Secret;
use tokio::time::{Instant, timeout_at};

use super::prompt::ChatMessage;
use crate::AnswersConfig;

/// Where `OPENAI_API_KEY` alone leads to.
const OPENAI_URL: &str = "https://api.openai.com/v1";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Until the first word of an answer, all tries together.
const FIRST_WORD_TIMEOUT: Duration = Duration::from_secs(20);
const TRIES_MAX: u32 = 4;
/// The pause before the second try, on average; it doubles with each.
const PAUSE: Duration = Duration::from_millis(300);
/// The longest answer that is taken, in bytes.
const ANSWER_BYTES_MAX: usize = 32 * 1024;
/// How much of a refusal is read.
const REFUSAL_BYTES_MAX: usize = 4 * 1024;

/// Why there is no answer of the chat API, in words for whoever asks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum ChatError {
    #[error("the chat API refused the key: check OPENAI_API_KEY")]
    KeyRefused,
    #[error("the chat API has too many requests or no quota left")]
    Busy,
    #[error("the chat API did not answer in time")]
    Slow,
    #[error("the chat API is away")]
    Away,
    #[error("the chat API broke off in the middle of its answer")]
    Cut,
    #[error(
        "the chat API refused the request with status {0}: check OPENAI_BASE_URL and OPENAI_MODEL"
    )]
    Refused(u16),
    #[error("the chat API sent what is no chat completion")]
    Odd,
}

pub(super) struct Chat {
    client: Client<OpenAIConfig>,
    model: String,
}

/// An answer as it is written, piece by piece. Ends well only if the API said that it is complete.
pub(super) type ChatStream = BoxStream<'static, Result<String, ChatError>>;

/// What a piece of a streamed answer must have; APIs differ in the rest.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
}

/// A response that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{status}")]
struct Refusal {
    status: StatusCode,
    retry_after: Option<Duration>,
    no_quota: bool,
}

impl Chat {
    /// `None` when none is configured.
    pub(super) fn new(config: &AnswersConfig) -> anyhow::Result<Option<Self>> {
        let key = config.api_key()?;
        let base = match &config.openai_base_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None if key.is_some() => OPENAI_URL.to_owned(),
            None => return Ok(None),
        };
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        let service = tower::service_fn(move |request| send(http.clone(), request));
        let settings = OpenAIConfig::new()
            .with_api_base(base)
            .with_api_key(key.as_ref().map_or("", Secret::reveal));
        Ok(Some(Self {
            client: Client::with_config(settings).with_http_service(service),
            model: config.openai_model.clone(),
        }))
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// Begins an answer; returns when its first word is there. All of it must be there at `end`.
    pub(super) async fn stream(
        &self,
        messages: &[ChatMessage],
        end: Instant,
    ) -> Result<ChatStream, ChatError> {
        let now = Instant::now();
        let first_word = now + FIRST_WORD_TIMEOUT.min((end - now) / 2);
        let (first, rest) = timeout_at(first_word, self.begin(messages, first_word))
            .await
            .map_err(|_| ChatError::Slow)??;
        Ok(until(
            end,
            futures::stream::iter([Ok(first)]).chain(rest).boxed(),
        ))
    }

    /// A whole answer.
    pub(super) async fn complete(
        &self,
        messages: &[ChatMessage],
        end: Instant,
    ) -> Result<String, ChatError> {
        let mut stream = self.stream(messages, end).await?;
        let mut text = String::new();
        while let Some(piece) = stream.next().await {
            text.push_str(&piece?);
        }
        Ok(text)
    }

    /// The first piece and the rest, after as many tries as it takes.
    async fn begin(
        &self,
        messages: &[ChatMessage],
        deadline: Instant,
    ) -> Result<(String, ChatStream), ChatError> {
        let mut tries = 0;
        loop {
            let error = match self.try_begin(messages).await {
                Ok(begun) => return Ok(begun),
                Err(error) => error,
            };
            tries += 1;
            let failure = failure(&error);
            let Some(pause) = pause(&error, tries) else {
                return Err(failure);
            };
            // Waiting beyond the deadline would only delay the answer that needs no chat API.
            if tries == TRIES_MAX || Instant::now() + pause >= deadline {
                return Err(failure);
            }
            tracing::debug!(reason = %failure, ?pause, "asking the chat API again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_begin(
        &self,
        messages: &[ChatMessage],
    ) -> Result<(String, ChatStream), OpenAIError> {
        let request = CreateChatCompletionRequest {
            model: self.model.clone(),
            messages: messages.iter().map(native).collect(),
            stream: Some(true),
            ..CreateChatCompletionRequest::default()
        };
        let chat = self.client.chat();
        let chunks = chat.create_stream_byot::<_, Chunk>(request).await?;
        let mut pieces = pieces(chunks.boxed());
        // An answer without a word is none: the caller sees it as cut.
        let first = pieces.next().await.unwrap_or(Err(ChatError::Cut));
        match first {
            Ok(first) => Ok((first, pieces)),
            Err(error) => Err(OpenAIError::Boxed(Box::new(error))),
        }
    }
}

/// One try, with what a refusal says about the next one.
async fn send(
    http: reqwest::Client,
    request: HttpRequestFactory,
) -> Result<reqwest::Response, OpenAIError> {
    let mut response = http.execute(request.build().await?).await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let mut body = Vec::new();
    while body.len() < REFUSAL_BYTES_MAX
        && let Ok(Some(part)) = response.chunk().await
    {
        body.extend_from_slice(&part);
    }
    let no_quota = String::from_utf8_lossy(&body).contains("insufficient_quota");
    Err(OpenAIError::Boxed(Box::new(Refusal {
        status,
        retry_after,
        no_quota,
    })))
}

/// The words of the chunks. A stream that ends without saying why has been cut.
fn pieces(chunks: BoxStream<'static, Result<Chunk, OpenAIError>>) -> ChatStream {
    struct State {
        chunks: BoxStream<'static, Result<Chunk, OpenAIError>>,
        finished: bool,
        failed: bool,
        bytes: usize,
    }
    let state = State {
        chunks,
        finished: false,
        failed: false,
        bytes: 0,
    };
    futures::stream::unfold(state, |mut state| async move {
        if state.failed {
            return None;
        }
        loop {
            let error = match state.chunks.next().await {
                Some(Ok(chunk)) => {
                    let Some(choice) = chunk.choices.into_iter().next() else {
                        continue;
                    };
                    state.finished |= choice.finish_reason.is_some();
                    let text = choice.delta.content.unwrap_or_default();
                    state.bytes += text.len();
                    if text.is_empty() {
                        continue;
                    }
                    if state.bytes <= ANSWER_BYTES_MAX {
                        return Some((Ok(text), state));
                    }
                    ChatError::Odd
                }
                Some(Err(OpenAIError::JSONDeserialize(..))) => ChatError::Odd,
                None if state.finished => return None,
                Some(Err(_)) | None => ChatError::Cut,
            };
            state.failed = true;
            return Some((Err(error), state));
        }
    })
    .boxed()
}

/// Ends with an error at `end`.
fn until(end: Instant, pieces: ChatStream) -> ChatStream {
    let timed = futures::stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match timeout_at(end, pieces.next()).await {
            Ok(piece) => piece.map(|piece| (piece, Some(pieces))),
            Err(_) => Some((Err(ChatError::Slow), None)),
        }
    });
    timed.boxed()
}

fn native(message: &ChatMessage) -> ChatCompletionRequestMessage {
    match message {
        ChatMessage::System(text) => ChatCompletionRequestSystemMessage::from(text.as_str()).into(),
        ChatMessage::User(text) => ChatCompletionRequestUserMessage::from(text.as_str()).into(),
    }
}

fn refusal(error: &OpenAIError) -> Option<&Refusal> {
    match error {
        OpenAIError::Boxed(error) => error.downcast_ref(),
        _ => None,
    }
}

fn failure(error: &OpenAIError) -> ChatError {
    if let Some(refusal) = refusal(error) {
        return match refusal.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ChatError::KeyRefused,
            StatusCode::TOO_MANY_REQUESTS => ChatError::Busy,
            status if status.is_server_error() => ChatError::Away,
            status => ChatError::Refused(status.as_u16()),
        };
    }
    match error {
        OpenAIError::Boxed(error) => error.downcast_ref().cloned().unwrap_or(ChatError::Odd),
        OpenAIError::Reqwest(error) if error.is_timeout() => ChatError::Slow,
        OpenAIError::Reqwest(_) => ChatError::Away,
        _ => ChatError::Odd,
    }
}

/// How long to wait before another try, if it may help.
fn pause(error: &OpenAIError, tries: u32) -> Option<Duration> {
    let jittered = || PAUSE.mul_f64(f64::from(1 << (tries - 1)) * (0.5 + fastrand::f64()));
    if let Some(refusal) = refusal(error) {
        let busy = refusal.status == StatusCode::TOO_MANY_REQUESTS && !refusal.no_quota;
        let retry = busy || refusal.status.is_server_error();
        return retry.then(|| refusal.retry_after.unwrap_or_else(jittered));
    }
    matches!(failure(error), ChatError::Away | ChatError::Cut).then(jittered)
}
