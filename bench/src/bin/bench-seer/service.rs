//! The seer as its users see it.

use std::time::Duration;

use anyhow::Context;
use bench::platform::Platform;
use contract::{
    Receipt,
    seer::{IndexState, SearchResults},
};
use reqwest::Client;

const TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Clone)]
pub(crate) struct Service {
    http: Client,
    producer_url: String,
    seer_url: String,
}

impl Service {
    pub(crate) fn of(platform: &Platform) -> Self {
        Self {
            http: Client::new(),
            producer_url: platform.producer_url.clone(),
            seer_url: platform.seer_url.clone(),
        }
    }

    pub(crate) async fn produce(&self, topic: &str, text: String) -> anyhow::Result<Receipt> {
        let request = self
            .http
            .post(format!("{}/produce/{topic}", self.producer_url))
            .header("content-type", "text/plain")
            .body(text);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Many at once. The lines are texts, so that each is one value as it is.
    pub(crate) async fn produce_all(&self, topic: &str, texts: &[String]) -> anyhow::Result<()> {
        let lines: Vec<String> = texts
            .iter()
            .map(serde_json::to_string)
            .collect::<Result<_, _>>()?;
        let request = self
            .http
            .post(format!("{}/produce/{topic}", self.producer_url))
            .header("content-type", "application/x-ndjson")
            .body(lines.join("\n") + "\n");
        let receipts = request.send().await?.error_for_status()?.text().await?;
        anyhow::ensure!(
            receipts.lines().count() == texts.len(),
            "not every line has a receipt"
        );
        Ok(())
    }

    pub(crate) async fn search(
        &self,
        text: &str,
        mode: &str,
        topic: &str,
        top_k: usize,
    ) -> anyhow::Result<SearchResults> {
        let request = self.http.get(format!("{}/search", self.seer_url)).query(&[
            ("q", text),
            ("mode", mode),
            ("topics", topic),
            ("top_k", &top_k.to_string()),
        ]);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub(crate) async fn state(&self) -> anyhow::Result<IndexState> {
        let request = self.http.get(format!("{}/index", self.seer_url));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Waits until there are so many points.
    pub(crate) async fn holds(&self, points: u64) -> anyhow::Result<()> {
        let filling = async {
            while self.state().await?.points < points {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(())
        };
        tokio::time::timeout(TIMEOUT, filling)
            .await
            .with_context(|| format!("there are no {points} points in time"))?
    }
}
