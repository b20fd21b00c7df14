use contract::{
    LifecycleEvent, Stage,
    seer::{Answer, IndexState, SearchResults},
    topic,
};

use crate::harness::{Broker, Seer, eventually};

const STATEMENT: &str = "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
const QUESTION: &str = "Do you know anything about the Wilymajinkas?";

#[tokio::test]
async fn what_is_taught_is_known_and_cited_and_outlives_a_restart() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), &[]).await;
    let before = seer.ask(QUESTION).await;
    assert!(!before.known, "{before:?}");
    assert_eq!(before.citations, []);

    let (status, receipt) = seer.post("/accept", STATEMENT).await;
    assert_eq!(status, 201, "{receipt}");
    seer.points(1).await;
    let knows = |answer: &Answer| {
        assert!(answer.known, "{answer:?}");
        assert_eq!(answer.citations[0].id.to_string(), receipt["id"]);
        assert_eq!(answer.citations[0].topic, topic::SEER_STATEMENT);
        assert!(answer.answer.contains("[1]"), "{answer:?}");
    };
    knows(&seer.ask(QUESTION).await);
    seer.stop().await;

    let seer = Seer::ready(&broker, data.path(), &[]).await;
    knows(&seer.ask(QUESTION).await);
    seer.points(1).await;
    seer.stop().await;
}

#[tokio::test]
async fn records_of_any_client_are_learned_and_questions_answered_over_kafka() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), &[]).await;
    broker
        .write(topic::SEER_STATEMENT, "", STATEMENT.as_bytes())
        .await;
    broker
        .write(
            "orders",
            "42",
            br#"{"customer":{"name":"Ada"},"item":"teapot"}"#,
        )
        .await;
    seer.points(2).await;
    let found: SearchResults = seer.get("/search?q=Ada&topics=orders").await;
    assert_eq!(found.hits.len(), 1);
    assert_eq!(found.hits[0].key.as_deref(), Some("42"));

    broker
        .write(topic::SEER_QUESTION, "", QUESTION.as_bytes())
        .await;
    let answer = broker
        .find(topic::SEER_ANSWER, |_, value| {
            serde_json::from_slice::<Answer>(value).ok()
        })
        .await;
    assert!(answer.known, "{answer:?}");
    assert_eq!(answer.citations[0].topic, topic::SEER_STATEMENT);
    // Neither the question nor the answer is learned.
    seer.points(2).await;
    seer.stop().await;
}

#[tokio::test]
async fn what_is_no_text_is_told_and_holds_up_nothing() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), &[]).await;
    broker.write("mixed", "a", b"\x00\x01\xff\xfe binary").await;
    broker
        .write("mixed", "a", b"A kettle is on the stove.")
        .await;
    seer.points(1).await;
    let event = broker
        .find(topic::LIFECYCLE, |_, value| {
            let event: LifecycleEvent = serde_json::from_slice(value).unwrap();
            event.error.is_some().then_some(event)
        })
        .await;
    assert_eq!((event.stage, event.offset), (Stage::Indexed, 0));
    assert!(event.error.unwrap().contains("not text"));
    seer.stop().await;
}

#[tokio::test]
async fn the_index_is_made_anew_while_it_answers() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), &[]).await;
    broker.write("facts", "", STATEMENT.as_bytes()).await;
    for n in 0..200 {
        let text = format!("Order {n} was packed by hand {n}.");
        broker.write("facts", "", text.as_bytes()).await;
    }
    let before = seer.points(201).await;
    let (status, progress) = seer.post("/reindex", "").await;
    assert_eq!(status, 202, "{progress}");
    let after = eventually(async || {
        assert!(seer.ask(QUESTION).await.known);
        let index: IndexState = seer.get("/index").await;
        let progress = index.reindex.clone().unwrap();
        assert_eq!(progress.error, None);
        progress.finished.then_some(index)
    })
    .await;
    assert_ne!(after.collection, before.collection);
    assert_eq!(after.points, before.points);
    let progress = after.reindex.unwrap();
    assert_eq!((progress.records_done, progress.records_total), (201, 201));
    assert!(seer.ask(QUESTION).await.known);
    seer.stop().await;
}

/// A folder that holds the same model under another name stands for another model.
#[tokio::test]
async fn another_model_is_refused_until_the_index_is_made_anew() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), &[]).await;
    broker.write("facts", "", STATEMENT.as_bytes()).await;
    seer.points(1).await;
    let models = tempfile::tempdir().unwrap();
    let other = models.path().join("other-model");
    std::os::unix::fs::symlink(default_model(), &other).unwrap();
    seer.stop().await;

    let arguments = ["--model-dir", other.to_str().unwrap()];
    let seer = Seer::start(&broker, data.path(), &arguments).await;
    let refusal = eventually(async || {
        let (status, problem) = seer.post("/ask", QUESTION).await;
        (status == 409).then_some(problem)
    })
    .await;
    let detail = refusal["detail"].as_str().unwrap();
    assert!(detail.contains("kafkloud reindex"), "{detail}");
    assert_eq!(seer.status("/readyz").await, 503);

    let (status, progress) = seer.post("/reindex", "").await;
    assert_eq!(status, 202, "{progress}");
    eventually(async || (seer.status("/readyz").await == 200).then_some(())).await;
    assert!(seer.ask(QUESTION).await.known);
    let index: IndexState = seer.get("/index").await;
    assert_eq!(index.model, "other-model");
    seer.stop().await;
}

#[tokio::test]
async fn bad_questions_are_refused_in_words() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), &[]).await;
    let long = "why ".repeat(3000);
    for (path, body, expected) in [
        ("/ask", " ", 422),
        ("/ask", long.as_str(), 413),
        ("/ask?top_k=0", "why?", 400),
        ("/ask?since=yesterday", "why?", 400),
        ("/accept", "", 400),
    ] {
        let (status, problem) = seer.post(path, body).await;
        assert_eq!(status, expected, "{path}: {problem}");
        assert!(problem["detail"].is_string(), "{problem}");
    }
    assert_eq!(seer.status("/search").await, 422);
    seer.stop().await;
}

fn default_model() -> std::path::PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(std::path::PathBuf::from)
        .unwrap_or_else(|| {
            std::path::PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache")
        });
    cache.join("kafkloud/models/all-MiniLM-L6-v2")
}
