//! `GET /api/seer/index` and `POST /api/seer/reindex`: what the seer knows, and making it learn all of it anew.

use axum::response::Response;
use contract::{
    Problem,
    seer::{IndexState, ReindexProgress},
};
use service::ApiResult;

use super::super::{
    Portal,
    upstream::{ANSWER_TIMEOUT, Peer, relay},
};
use crate::{
    flow::{Index, Rebuilding},
    words,
};

/// What the seer knows, and from where.
#[utoipa::path(get, path = "/api/seer/index", tag = "seer", responses(
    (status = 200, body = IndexState),
    (status = "default", description = "The seer is away", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(portal: Portal) -> ApiResult<Response> {
    let request = portal
        .upstream
        .get(portal.upstream.url(Peer::Seer, &["index"]));
    let response = portal
        .upstream
        .send(Peer::Seer, request, ANSWER_TIMEOUT)
        .await?;
    Ok(relay(response))
}

/// Begins to rebuild the index from the log. Answers come from the index as it is until the new one is complete.
#[utoipa::path(post, path = "/api/seer/reindex", tag = "seer", responses(
    (status = "2XX", description = "It has begun; /api/seer/index tells how far it is"),
    (status = "default", description = "It has not, and why", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rebuild(portal: Portal) -> ApiResult<Response> {
    Ok(relay(begin(&portal).await?))
}

/// The seer's own answer, whatever it is.
pub(super) async fn begin(portal: &Portal) -> ApiResult<reqwest::Response> {
    let request = portal
        .upstream
        .post(portal.upstream.url(Peer::Seer, &["reindex"]));
    portal
        .upstream
        .send(Peer::Seer, request, ANSWER_TIMEOUT)
        .await
}

/// The state in the words of the page.
pub(crate) fn describe(index: &IndexState) -> Index {
    let answers = match index.answers.as_str() {
        "extractive" => "sentences of the messages themselves (extractive)".to_owned(),
        model => format!("the language model {model}"),
    };
    let lag = match index.lag {
        Some(lag) => words::number(lag as f64),
        None => "not known".to_owned(),
    };
    let facts = [
        ("Points", words::number(index.points as f64)),
        ("Records waiting", lag),
        (
            "Embedding model",
            format!("{} ({} dimensions)", index.model, index.dimension),
        ),
        ("Vector store", index.store.clone()),
        ("Collection", index.collection.clone()),
        ("Answers are", answers),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value));
    Index {
        facts: facts.into(),
        rebuilding: index.reindex.as_ref().map(progress),
    }
}

fn progress(progress: &ReindexProgress) -> Rebuilding {
    let [done, total] = [progress.records_done, progress.records_total]
        .map(|records| words::number(records as f64));
    if let Some(error) = &progress.error {
        return Rebuilding {
            percent: None,
            words: format!(
                "The last rebuilding was given up after {done} of {total} records: {error}. Answers come from the index as it was."
            ),
        };
    }
    if progress.finished {
        return Rebuilding {
            percent: None,
            words: format!("The last rebuilding is complete: {done} records."),
        };
    }
    let percent = progress.records_done.saturating_mul(100) / progress.records_total.max(1);
    Rebuilding {
        // What came meanwhile is read too, so there can be more than was counted.
        percent: Some(percent.min(100) as u32),
        words: format!("Rebuilding: {done} of {total} records. Answers stay up meanwhile."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebuilding(progress: ReindexProgress) -> Rebuilding {
        let state = IndexState {
            reindex: Some(progress),
            ..IndexState::default()
        };
        describe(&state).rebuilding.unwrap_or_default()
    }

    #[test]
    fn a_rebuilding_tells_how_far_it_is() {
        let mut progress = ReindexProgress {
            records_done: 1_500,
            records_total: 6_000,
            ..ReindexProgress::default()
        };
        assert_eq!(rebuilding(progress.clone()).percent, Some(25));
        progress.records_done = 6_100;
        assert_eq!(rebuilding(progress.clone()).percent, Some(100));
        progress.finished = true;
        let complete = rebuilding(progress.clone());
        assert_eq!(complete.percent, None);
        assert!(complete.words.contains("6,100 records"));
        progress.error = Some("the disk is full".to_owned());
        assert!(rebuilding(progress).words.contains("the disk is full"));
        let empty = ReindexProgress::default();
        assert_eq!(rebuilding(empty).percent, Some(0));
    }
}
