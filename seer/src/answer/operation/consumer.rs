//! The consumer's HTTP API, as far as questions about operation need it.

use std::time::Duration;

use contract::{
    MessageId,
    cluster::TopicView,
    status::{LifeList, MessageLife, StatusSummary},
};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(5);

/// The consumer does not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
#[error("the consumer, which keeps the status of messages, does not answer")]
pub(super) struct ConsumerAway;

type ConsumerResult<T> = Result<T, ConsumerAway>;

pub(super) struct Consumer {
    http: reqwest::Client,
    url: Url,
}

impl Consumer {
    pub(super) fn new(http: reqwest::Client, url: Url) -> Self {
        Self { http, url }
    }

    pub(super) async fn summary(&self) -> ConsumerResult<StatusSummary> {
        self.get(&["status"], &[]).await?.ok_or(ConsumerAway)
    }

    /// `None` when the consumer knows no such message.
    pub(super) async fn life(&self, id: MessageId) -> ConsumerResult<Option<MessageLife>> {
        self.get(&["status", &id.to_string()], &[]).await
    }

    pub(super) async fn lives(&self, query: &[(&str, String)]) -> ConsumerResult<LifeList> {
        self.get(&["lives"], query).await?.ok_or(ConsumerAway)
    }

    pub(super) async fn has_topic(&self, name: &str) -> ConsumerResult<bool> {
        let topics: Vec<TopicView> = self.get(&["topics"], &[]).await?.ok_or(ConsumerAway)?;
        Ok(topics.iter().any(|topic| topic.name == name))
    }

    /// `None` for 404.
    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> ConsumerResult<Option<T>> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let away = |error: reqwest::Error| {
            tracing::debug!(%error, "the consumer did not answer");
            ConsumerAway
        };
        let request = self.http.get(url).query(query).timeout(TIMEOUT);
        let response = request.send().await.map_err(away)?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = response.error_for_status().map_err(away)?;
        response.json().await.map(Some).map_err(away)
    }
}
