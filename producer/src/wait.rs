//! `Prefer: wait=N` (RFC 7240): the answer waits until the message is consumed.

use std::time::Duration;

use axum::http::HeaderMap;
use contract::{Receipt, Stage, status::MessageLife};
use reqwest::StatusCode;
use tokio::time::{Instant, sleep, timeout_at};

use crate::app::App;

const WAIT_MAX: Duration = Duration::from_secs(30);
/// Between two questions that were answered before their time: the consumer has not heard of the message yet.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the caller prefers to wait; anything else in the header is ignored, as the RFC wants it.
pub(crate) fn preferred(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(WAIT_MAX))
}

/// The life of the message once it is consumed; `None` when it is not in time, or the consumer is away.
pub(crate) async fn until_consumed(
    app: &App,
    receipt: &Receipt,
    wait: Duration,
) -> Option<MessageLife> {
    let deadline = Instant::now() + wait;
    let asking = async {
        loop {
            let left = deadline.duration_since(Instant::now());
            match ask(app, receipt, left).await {
                Ok(Some(life)) if life.has_reached(Stage::Consumed) => return Some(life),
                Ok(_) => sleep(PAUSE).await,
                Err(error) => {
                    tracing::debug!(%error, "the consumer does not answer");
                    return None;
                }
            }
        }
    };
    timeout_at(deadline, asking).await.ok().flatten()
}

async fn ask(app: &App, receipt: &Receipt, wait: Duration) -> reqwest::Result<Option<MessageLife>> {
    let url = format!("{}/{}", app.consumer_status_url, receipt.id);
    let question = app.http.get(url).query(&[("wait", wait.as_secs())]);
    let answer = question.send().await?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    answer.error_for_status()?.json().await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preference_is_found_among_others() {
        let prefer = |text: &str| {
            preferred(&HeaderMap::from_iter([(
                "prefer".parse().unwrap(),
                text.parse().unwrap(),
            )]))
        };
        assert_eq!(prefer("wait=5"), Some(Duration::from_secs(5)));
        assert_eq!(
            prefer("respond-async, Wait = \"10\"; x=y"),
            Some(Duration::from_secs(10))
        );
        assert_eq!(prefer("wait=3600"), Some(WAIT_MAX));
        for other in ["wait", "wait=soon", "wait=-1", "return=minimal", ""] {
            assert_eq!(prefer(other), None, "{other}");
        }
    }
}
