//! Questions about operation, answered by a small consumer.

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::get,
};
use contract::{
    Stage, Timestamp,
    cluster::TopicView,
    status::{LifeList, MessageLife, StageReached, StatusSummary},
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::*;

type Queries = Arc<Mutex<Vec<HashMap<String, String>>>>;

struct Consumer {
    url: String,
    /// What `/lives` was asked.
    queries: Queries,
    task: JoinHandle<()>,
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Consumer {
    /// Knows one message that waits for the seer, with the key “42” on the topic `orders`.
    async fn start() -> Self {
        let queries = Queries::default();
        let router = Router::new()
            .route("/status", get(summary))
            .route("/status/{id}", get(life))
            .route("/lives", get(lives))
            .route("/topics", get(topics))
            .with_state(Arc::clone(&queries));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, queries, task }
    }

    fn answerer(&self, messages: &[&str]) -> Arc<Answerer> {
        let config = AnswersConfig {
            consumer_url: self.url.parse().unwrap(),
            ..config(None)
        };
        Answerer::new(&config, reqwest::Client::default(), Messages::new(messages)).unwrap()
    }

    fn last_query(&self) -> HashMap<String, String> {
        self.queries.lock().unwrap().last().cloned().unwrap()
    }
}

fn waiting() -> MessageLife {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let reached = |stage, time| StageReached {
        stage,
        at: at(time),
        component: "test".to_owned(),
        took_us: 0,
        error: None,
    };
    MessageLife {
        id: MessageId::of_record("orders", 0, 7),
        topic: "orders".to_owned(),
        partition: 0,
        offset: 7,
        key: Some("42".to_owned()),
        stage: Stage::Consumed,
        trace_id: None,
        stages: vec![
            reached(Stage::Streamed, "2026-01-31T09:30:00Z"),
            reached(Stage::Consumed, "2026-01-31T09:30:00.005Z"),
        ],
    }
}

async fn summary() -> Json<StatusSummary> {
    Json(StatusSummary {
        n_consumed: 3,
        lag: [("seer".to_owned(), 12), ("consumer".to_owned(), 0)].into(),
        ..StatusSummary::default()
    })
}

async fn life(Path(id): Path<String>) -> Result<Json<MessageLife>, StatusCode> {
    let life = waiting();
    (id == life.id.to_string())
        .then_some(Json(life))
        .ok_or(StatusCode::NOT_FOUND)
}

async fn lives(
    State(queries): State<Queries>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<LifeList> {
    queries.lock().unwrap().push(query.clone());
    let matches = query.get("key").is_none_or(|key| key == "42")
        && !query.contains_key("failed")
        && query.get("stage").is_none_or(|stage| stage == "consumed");
    let lives: Vec<MessageLife> = matches.then(waiting).into_iter().collect();
    Json(LifeList {
        total: if matches { 5 } else { 0 },
        lives,
    })
}

async fn topics() -> Json<Vec<TopicView>> {
    let topic = |name: &str| TopicView {
        name: name.to_owned(),
        records: 1,
        ..TopicView::default()
    };
    Json(vec![topic("orders"), topic("stream")])
}

#[tokio::test]
async fn why_a_message_is_not_done() {
    let consumer = Consumer::start().await;
    let answerer = consumer.answerer(&[]);
    let id = waiting().id;
    for question in [
        "Why isn't order 42 done?",
        &format!("Is message {id} done?"),
    ] {
        let answer = ask(&answerer, question).await;
        assert_eq!(answer.mode, AnswerMode::Operation, "{answer:?}");
        assert!(answer.known);
        assert!(
            answer
                .answer
                .contains("not done: it waits for the seer to index it, for"),
            "{answer:?}"
        );
        assert!(
            answer
                .answer
                .contains("streamed on 31 January 2026 at 09:30:00 UTC, consumed 5 ms later [1]"),
            "{answer:?}"
        );
        let [citation] = &answer.citations[..] else {
            panic!("{answer:?}");
        };
        assert_eq!(
            (
                citation.n,
                citation.id,
                citation.topic.as_str(),
                citation.offset
            ),
            (1, id, "orders", 7)
        );
    }
}

#[tokio::test]
async fn what_failed_came_and_lags() {
    let consumer = Consumer::start().await;
    let answerer = consumer.answerer(&[]);
    let answer = ask(&answerer, "What failed in the last hour?").await;
    assert_eq!(answer.answer, "No message failed in the last hour.");
    assert!(answer.known && answer.citations.is_empty());
    let query = consumer.last_query();
    assert_eq!(query["failed"], "true");
    let since: Timestamp = query["since"].parse().unwrap();
    let age_us = Timestamp::from(std::time::SystemTime::now()).micros_since(since);
    assert!((3_599_000_000..3_700_000_000).contains(&age_us), "{age_us}");

    let answer = ask(&answerer, "How many messages came on `orders` today?").await;
    assert!(
        answer.answer.starts_with("5 messages came on orders today"),
        "{answer:?}"
    );
    assert_eq!(answer.citations.len(), 1);
    let query = consumer.last_query();
    assert_eq!(query["topic"], "orders");
    assert!(query["since"].contains("T00:00:00"));

    let answer = ask(&answerer, "How many records were consumed?").await;
    assert!(
        answer.answer.starts_with("5 messages were consumed"),
        "{answer:?}"
    );

    let answer = ask(&answerer, "What is stuck?").await;
    assert!(
        answer.answer.starts_with("5 messages are stuck"),
        "{answer:?}"
    );
    assert_eq!(consumer.last_query()["stuck"], "true");

    let answer = ask(&answerer, "What is the lag?").await;
    assert_eq!(answer.answer, "Group seer has 12 messages to read.");
}

#[tokio::test]
async fn a_subject_or_topic_that_is_none_leaves_the_question_to_the_messages() {
    let consumer = Consumer::start().await;
    let fact = "Windows 95 was finished in August 1995.";
    let answerer = consumer.answerer(&[fact]);
    let answer = ask(&answerer, "Was Windows 95 finished?").await;
    assert_eq!(answer.mode, AnswerMode::Extractive);
    assert!(answer.answer.contains(fact), "{answer:?}");
    let answer = ask(&answerer, "How many messages came from Berlin?").await;
    assert_eq!(answer.mode, AnswerMode::Extractive);
}

#[tokio::test]
async fn a_consumer_that_is_away_is_said() {
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Messages::new(&[]),
    )
    .unwrap();
    let answer = ask(&answerer, "What is stuck?").await;
    assert_eq!(answer.mode, AnswerMode::Operation);
    assert!(!answer.known);
    assert!(answer.answer.starts_with("I can't tell now"), "{answer:?}");
    assert!(answer.degraded.unwrap().contains("consumer"));
}
