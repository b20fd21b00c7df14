use std::{sync::Arc, time::Duration};

use bus::{Admin, KafkaConfig};
use contract::seer::{IndexState, ReindexProgress, SearchHit};
use futures::future::BoxFuture;
use service::{ApiProblem, ApiResult};

use crate::{
    answer::{Answerer, Knowledge},
    backlog,
    config::IntakeConfig,
    embed::{Embeddings, Lane},
    index::{Index, IndexError, SearchQuery},
};

/// How long learning the lag may hold up the state of the index.
const LAG_TIMEOUT: Duration = Duration::from_secs(1);

/// What the handlers of the index share.
pub(crate) struct App {
    pub(crate) index: Index,
    pub(crate) answerer: Arc<Answerer>,
    pub(crate) admin: Admin,
    pub(crate) kafka: KafkaConfig,
    pub(crate) intake: IntakeConfig,
}

impl App {
    pub(crate) async fn index_state(&self) -> ApiResult<IndexState> {
        let (state, lag) = tokio::join!(self.index.state(), self.lag());
        Ok(IndexState {
            lag,
            answers: self.answerer.writer().to_owned(),
            ..state?
        })
    }

    /// Records that the group has yet to read; `None` when Kafka does not say in time.
    async fn lag(&self) -> Option<i64> {
        let groups = tokio::time::timeout(LAG_TIMEOUT, self.admin.groups()).await;
        let groups = groups.ok()?.ok()?;
        let group = groups
            .into_iter()
            .find(|group| group.group == self.intake.group);
        group.map(|group| group.lag)
    }

    pub(crate) fn reindex(&self) -> ApiResult<ReindexProgress> {
        let (kafka, intake, admin) = (self.kafka.clone(), self.intake.clone(), self.admin.clone());
        let read_log = move || -> BoxFuture<'static, _> {
            Box::pin(async move { backlog::read(&kafka, &intake, &admin).await })
        };
        Ok(self.index.reindex(read_log)?)
    }
}

/// The index and its model, as answers need them.
pub(crate) struct IndexKnowledge {
    pub(crate) index: Index,
    pub(crate) embeddings: Embeddings,
}

impl Knowledge for IndexKnowledge {
    fn search(&self, query: SearchQuery) -> BoxFuture<'_, ApiResult<Vec<SearchHit>>> {
        Box::pin(async move { Ok(self.index.search(query).await?) })
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, String>> {
        Box::pin(async move {
            let vectors = self.embeddings.embed(texts, Lane::Question).await;
            vectors.map_err(|error| error.to_string())
        })
    }
}

impl From<IndexError> for ApiProblem {
    fn from(error: IndexError) -> Self {
        let detail = error.to_string();
        match error {
            IndexError::Away(_) => Self::unavailable(
                "index-away",
                "The index cannot be used now",
                format!("{detail}; /readyz tells when it can."),
            ),
            IndexError::OtherModel(_) => Self::new(
                axum::http::StatusCode::CONFLICT,
                "other-model",
                "The index was made with another model",
                detail,
            ),
            IndexError::Reindexing => Self::new(
                axum::http::StatusCode::CONFLICT,
                "reindexing",
                "The index is being made anew already",
                "GET /index tells how far it is.",
            ),
            IndexError::Refused(_) => Self::internal(&anyhow::anyhow!(detail)),
        }
    }
}
