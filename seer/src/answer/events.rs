use std::time::Duration;

use contract::seer::{Answer, Citation, SearchHit};
use service::ApiResult;
use tokio::sync::mpsc;

/// How long an answer waits for a slow reader; then it is finished without it, so that its place becomes free.
const READER_TIMEOUT: Duration = Duration::from_secs(10);

/// What there is to tell while a question is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum AskEvent {
    /// The messages that may be cited.
    Retrieved(Vec<SearchHit>),
    /// The next part of the answer's text.
    Token(String),
    /// The text so far does not count, for this reason; another follows.
    Restart(String),
    Citations(Vec<Citation>),
    /// The whole answer, which replaces all parts.
    Done(Answer),
}

/// Whoever is told, if anybody.
pub(super) struct Events(Option<mpsc::Sender<ApiResult<AskEvent>>>);

impl Events {
    pub(super) fn nobody() -> Self {
        Self(None)
    }

    pub(super) fn to(reader: mpsc::Sender<ApiResult<AskEvent>>) -> Self {
        Self(Some(reader))
    }

    pub(super) async fn retrieved(&self, hits: &[SearchHit]) {
        self.tell(|| AskEvent::Retrieved(hits.to_vec())).await;
    }

    pub(super) async fn token(&self, text: &str) {
        self.tell(|| AskEvent::Token(text.to_owned())).await;
    }

    pub(super) async fn restart(&self, reason: &str) {
        self.tell(|| AskEvent::Restart(reason.to_owned())).await;
    }

    pub(super) async fn citations(&self, citations: &[Citation]) {
        self.tell(|| AskEvent::Citations(citations.to_vec())).await;
    }

    async fn tell(&self, event: impl FnOnce() -> AskEvent) {
        if let Some(reader) = &self.0 {
            // A reader that has gone ends the whole task; one that is slow misses parts and gets the whole in the end.
            let _ = reader.send_timeout(Ok(event()), READER_TIMEOUT).await;
        }
    }
}
