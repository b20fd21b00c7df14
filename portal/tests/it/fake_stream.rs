//! Records and lives of a consumer that speaks the contract and does as it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use contract::{
    LineOutcome, MessageId, Problem, Receipt, Stage, Timestamp,
    record::{Encoding, HeaderView, RecordPage, RecordView},
    status::{LifeList, LifeStats, MessageLife, StageReached, StepTimes},
    topic,
};
use futures::stream;

use crate::fake_stations::{CANARY, problem, sse};

type Asked = BTreeMap<String, String>;

#[derive(Clone, Default)]
pub(crate) struct FakeStream(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    records: Vec<RecordView>,
    lives: Vec<MessageLife>,
    /// What lies on `seer-answer`, the last one first.
    answers: Vec<RecordView>,
    /// Whether there are more of them than anybody looks at.
    has_more_answers: bool,
    /// Records before this offset were deleted.
    first_offset: i64,
    /// The query of each route that was asked last.
    asked: BTreeMap<&'static str, Asked>,
    last_event_id: Option<String>,
}

impl FakeStream {
    pub(crate) fn routes(&self) -> Router {
        Router::new()
            .route("/messages", get(messages))
            .route("/consume", get(consume))
            .route("/lives", get(lives))
            .route("/lives/stats", get(stats))
            .with_state(self.clone())
    }

    /// Adds records with this key, value and header.
    pub(crate) fn add(&self, count: i64, text: &str) {
        let records = &mut self.0.lock().unwrap().records;
        records.extend((0..count).map(|offset| record(offset, text)));
    }

    /// Adds a message that has come to `stage`.
    pub(crate) fn add_life(&self, offset: i64, stage: Stage, key: &str, error: Option<&str>) {
        let reached = |stage, after_us: i64, error: Option<&str>| StageReached {
            stage,
            at: Timestamp::from_micros(1_769_851_800_000_000 + after_us),
            component: "stand-in".to_owned(),
            took_us: after_us.unsigned_abs(),
            error: error.map(str::to_owned),
        };
        let life = MessageLife {
            id: MessageId::of_record("orders", 0, offset),
            topic: "orders".to_owned(),
            partition: 0,
            offset,
            key: Some(key.to_owned()),
            stage,
            trace_id: None,
            stages: vec![
                reached(Stage::Streamed, 0, None),
                reached(stage, 3400, error),
            ],
        };
        self.0.lock().unwrap().lives.push(life);
    }

    /// Adds an answer to this question, which cites one message.
    pub(crate) fn add_answer(&self, question: &str, cited: MessageId) {
        let citation = serde_json::json!({
            "n": 1, "id": cited, "topic": "stream", "partition": 0, "offset": 0, "text": "so it is", "score": 1.0,
        });
        let answer = serde_json::json!({
            "question": question, "answer": "So it is [1].", "mode": "extractive", "known": true, "citations": [citation],
        });
        let answers = &mut self.0.lock().unwrap().answers;
        let offset = answers.len() as i64;
        let record = RecordView {
            id: MessageId::of_record(topic::SEER_ANSWER, 0, offset),
            topic: topic::SEER_ANSWER.to_owned(),
            value: Some(answer.to_string()),
            ..record(offset, "answer")
        };
        answers.insert(0, record);
    }

    pub(crate) fn have_more_answers(&self) {
        self.0.lock().unwrap().has_more_answers = true;
    }

    /// Deletes the records before an offset, as a topic does with old ones.
    pub(crate) fn delete_before(&self, offset: i64) {
        self.0.lock().unwrap().first_offset = offset;
    }

    pub(crate) fn is_gone(&self, offset: i64) -> bool {
        offset < self.0.lock().unwrap().first_offset
    }

    pub(crate) fn asked(&self, route: &str) -> Asked {
        self.0.lock().unwrap().asked[route].clone()
    }

    pub(crate) fn last_event_id(&self) -> Option<String> {
        self.0.lock().unwrap().last_event_id.clone()
    }
}

fn record(offset: i64, text: &str) -> RecordView {
    RecordView {
        id: MessageId::of_record("orders", 0, offset),
        topic: "orders".to_owned(),
        partition: 0,
        offset,
        timestamp: Some(1_769_851_800_000),
        key: Some(text.to_owned()),
        key_encoding: Encoding::Text,
        value: Some(text.to_owned()),
        value_encoding: Encoding::Text,
        headers: vec![HeaderView {
            name: text.to_owned(),
            value: Some(text.to_owned()),
            value_encoding: Encoding::Text,
        }],
    }
}

async fn messages(State(fake): State<FakeStream>, Query(asked): Query<Asked>) -> Response {
    if asked
        .get("where")
        .is_some_and(|expression| expression == "||")
    {
        return problem(400, "invalid-where", "This is no jq.");
    }
    let mut held = fake.0.lock().unwrap();
    if asked
        .get("topics")
        .is_some_and(|topics| topics == topic::SEER_ANSWER)
    {
        held.asked.insert("answers", asked);
        if held.answers.is_empty() {
            return problem(404, "unknown-topic", "There is no topic “seer-answer”.");
        }
        return Json(RecordPage {
            records: held.answers.clone(),
            next: held.has_more_answers.then(|| "further".to_owned()),
            scanned: 20_000,
            ..RecordPage::default()
        })
        .into_response();
    }
    held.asked.insert("messages", asked);
    Json(RecordPage {
        records: held.records.clone(),
        next: Some("further+1".to_owned()),
        ..RecordPage::default()
    })
    .into_response()
}

async fn consume(
    State(fake): State<FakeStream>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let topics = asked.get("topics").cloned().unwrap_or_default();
    if topics.contains('/') {
        return problem(400, "invalid-topic", "Topic names have no slash.");
    }
    let mut held = fake.0.lock().unwrap();
    held.asked.insert("consume", asked);
    let last = headers.get("last-event-id");
    held.last_event_id = last.map(|last| last.to_str().unwrap().to_owned());
    let record = format!("event: streamer\nid: {topics}:0:7\ndata: {{}}\n\n");
    sse(stream::StreamExt::chain(
        stream::iter([record]),
        stream::pending(),
    ))
}

async fn lives(State(fake): State<FakeStream>, Query(asked): Query<Asked>) -> Response {
    if asked.get("stage").is_some_and(|stage| stage == "lost") {
        return problem(400, "invalid-query", "There is no such stage.");
    }
    let mut held = fake.0.lock().unwrap();
    held.asked.insert("lives", asked);
    Json(LifeList {
        lives: held.lives.clone(),
        total: 1_234,
    })
    .into_response()
}

async fn stats(State(fake): State<FakeStream>, Query(asked): Query<Asked>) -> Json<LifeStats> {
    fake.0.lock().unwrap().asked.insert("stats", asked);
    Json(LifeStats {
        since: Timestamp::from_micros(1_769_848_200_000_000),
        until: Timestamp::from_micros(1_769_851_800_000_000),
        messages: 30,
        complete: true,
        bucket_us: 60_000_000,
        reached: [
            (Stage::Streamed, vec![10, 0, 20]),
            (Stage::Consumed, vec![0, 5, 20]),
        ]
        .into(),
        steps: vec![StepTimes {
            from: Stage::Streamed,
            to: Stage::Consumed,
            messages: 25,
            p50_us: 3_400,
            p95_us: 12_345,
            p99_us: 1_250_000,
        }],
    })
}

/// What the producer says of each line: those that are no JSON fail.
pub(crate) fn outcomes(topic: &str, lines: &str) -> String {
    let lines = (1..).zip(lines.lines());
    let lines = lines.filter(|(_, text)| !text.trim().is_empty());
    let outcome = |(line, text): (u64, &str)| {
        let outcome = match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => LineOutcome::Acked {
                line,
                receipt: Receipt {
                    id: MessageId::of_record(topic, 0, line as i64),
                    topic: topic.to_owned(),
                    partition: 0,
                    offset: line as i64,
                    timestamp: 1_769_851_800_000,
                    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
                    status: String::new(),
                    took_us: 842,
                },
            },
            Err(_) => LineOutcome::Failed {
                line,
                error: Problem::new(400, "invalid-json", "The line is not valid", CANARY),
            },
        };
        serde_json::to_string(&outcome).unwrap() + "\n"
    };
    lines.map(outcome).collect()
}
