//! A seer that speaks the contract and says the most hostile things; and as much of a consumer as it takes to wait for it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Multipart, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::{
    MessageId, Problem, Receipt, Stage, Timestamp,
    seer::{
        Answer, AnswerMode, AskRequest, Citation, IndexState, LoadedFile, Rank, Ranks,
        ReindexProgress, SearchHit, SearchResults,
    },
    status::{MessageLife, StageReached},
};
use futures::stream;
use serde::Serialize;
use tokio::{net::TcpListener, process::Command};

use crate::harness::kafkloud;

/// What a message may hold to take over a terminal or a page.
pub(crate) const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J<img src=x onerror=alert(1)>";
/// Questions that meet a seer which is not well.
pub(crate) const REFUSED: &str = "refuse this";
pub(crate) const FAILED: &str = "fail in the middle";
pub(crate) const BROKEN_OFF: &str = "break off";
/// What no message answers, and what is not found.
pub(crate) const UNKNOWN: &str = "who knows?";
/// A statement that the seer cannot index.
pub(crate) const UNINDEXABLE: &str = "unindexable";

#[derive(Clone)]
pub(crate) struct FakeSeer {
    address: SocketAddr,
    /// What was asked last, as JSON.
    asked: Arc<Mutex<Option<AskRequest>>>,
    pub(crate) searched: Arc<Mutex<BTreeMap<String, String>>>,
    statement: Arc<Mutex<String>>,
    /// Questions about the index since it is being rebuilt.
    looks: Arc<AtomicU64>,
    rebuilding_fails: bool,
}

impl FakeSeer {
    pub(crate) async fn start() -> Self {
        Self::start_as(false).await
    }

    pub(crate) async fn start_with_failing_rebuild() -> Self {
        Self::start_as(true).await
    }

    async fn start_as(rebuilding_fails: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let seer = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            searched: Arc::default(),
            statement: Arc::default(),
            looks: Arc::default(),
            rebuilding_fails,
        };
        let router = Router::new()
            .route("/ask", post(ask))
            .route("/search", get(search))
            .route("/accept", post(accept))
            .route("/load", post(load))
            .route("/index", get(index))
            .route("/reindex", post(async || StatusCode::ACCEPTED))
            .route("/status/{id}", get(life))
            .with_state(seer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        seer
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let url = format!("http://{}", self.address);
        let mut command = kafkloud(args);
        command.env("SEER_URL", &url).env("CONSUMER_URL", url);
        command
    }

    pub(crate) fn last_asked(&self) -> AskRequest {
        self.asked.lock().unwrap().clone().unwrap()
    }

    pub(crate) fn last_statement(&self) -> String {
        self.statement.lock().unwrap().clone()
    }
}

fn id() -> MessageId {
    MessageId::of_record("orders", 2, 7)
}

fn answer(known: bool) -> Answer {
    let citation = Citation {
        n: 1,
        id: id(),
        topic: "orders".to_owned(),
        partition: 2,
        offset: 7,
        key: Some(HOSTILE.to_owned()),
        timestamp: Some(1_769_851_800_000),
        text: format!("The sentence. {HOSTILE}"),
        score: 0.5,
    };
    Answer {
        answer: format!("The sentence [1].\n{HOSTILE}"),
        mode: AnswerMode::Model,
        known,
        citations: if known { vec![citation] } else { Vec::new() },
        unsupported: vec!["It rains [9].".to_owned()],
        degraded: Some("the model is away".to_owned()),
        conversation: Some("conversation-2".to_owned()),
    }
}

async fn ask(State(seer): State<FakeSeer>, Json(request): Json<AskRequest>) -> Response {
    *seer.asked.lock().unwrap() = Some(request.clone());
    let loading = Problem::new(503, "model-loading", "Not ready", "The model is loading.");
    if request.question == REFUSED {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(loading)).into_response();
    }
    let answer = answer(request.question != UNKNOWN);
    let mut events = vec![event("token", &"The "), event("token", &"sentence")];
    match request.question.as_str() {
        BROKEN_OFF => {}
        FAILED => events.push(event("problem", &loading)),
        _ => events.push(event("done", &answer)),
    }
    let body = Body::from_stream(stream::iter(events.into_iter().map(Ok::<_, Infallible>)));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap();
    format!(": alive\n\nevent: {name}\ndata: {data}\n\n")
}

async fn search(
    State(seer): State<FakeSeer>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<SearchResults> {
    let is_known = query["q"] != UNKNOWN;
    *seer.searched.lock().unwrap() = query;
    let hit = SearchHit {
        id: id(),
        topic: "orders".to_owned(),
        partition: 2,
        offset: 7,
        key: Some(HOSTILE.to_owned()),
        timestamp: None,
        text: HOSTILE.to_owned(),
        score: 0.0325,
        ranks: Ranks {
            dense: Some(Rank {
                rank: 1,
                score: 0.71,
            }),
            sparse: Some(Rank {
                rank: 3,
                score: 8.5,
            }),
        },
    };
    Json(SearchResults {
        hits: if is_known { vec![hit] } else { Vec::new() },
    })
}

async fn accept(State(seer): State<FakeSeer>, statement: String) -> (StatusCode, Json<Receipt>) {
    *seer.statement.lock().unwrap() = statement;
    let receipt = Receipt {
        id: id(),
        topic: "seer-statement".to_owned(),
        partition: 0,
        offset: 3,
        timestamp: 1_769_851_800_000,
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        status: format!("http://{}/status/{}", seer.address, id()),
        took_us: 842,
    };
    (StatusCode::CREATED, Json(receipt))
}

/// Whoever asks for the stage indexed finds the message there.
async fn life(
    State(seer): State<FakeSeer>,
    Path(id): Path<MessageId>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Json<MessageLife> {
    let stage: Stage = query["stage"].parse().unwrap();
    let error = (seer.last_statement() == UNINDEXABLE).then(|| "not text".to_owned());
    let reached = StageReached {
        stage,
        at: Timestamp::from_micros(1_769_851_800_000_000),
        component: "seer".to_owned(),
        took_us: 1000,
        error,
    };
    Json(MessageLife {
        id,
        topic: "seer-statement".to_owned(),
        partition: 0,
        offset: 3,
        key: None,
        stage,
        trace_id: None,
        stages: vec![reached],
    })
}

/// Takes what says "good", and says how far it is before.
async fn load(mut form: Multipart) -> Response {
    let mut lines = String::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.file_name().unwrap().to_owned();
        let text = field.bytes().await.unwrap();
        let is_good = text.starts_with(b"good");
        let mut file = LoadedFile {
            name,
            messages: 1,
            bytes: text.len() as u64,
            finished: false,
            first: Some(id()),
            last: Some(id()),
            error: None,
        };
        let begun = serde_json::to_string(&file).unwrap();
        file.finished = true;
        file.messages = 1234;
        file.error = (!is_good).then(|| format!("it is damaged {HOSTILE}"));
        lines += &format!("{begun}\n{}\n", serde_json::to_string(&file).unwrap());
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
}

/// The rebuilding goes on for two looks.
async fn index(State(seer): State<FakeSeer>) -> Json<IndexState> {
    let looks = seer.looks.fetch_add(1, Ordering::SeqCst);
    let ended = looks >= 2;
    let progress = ReindexProgress {
        collection: "kafkloud-2".to_owned(),
        records_done: 100 * looks,
        records_total: 200,
        finished: ended && !seer.rebuilding_fails,
        error: (ended && seer.rebuilding_fails).then(|| "the disk is full".to_owned()),
    };
    Json(IndexState {
        collection: "kafkloud-2".to_owned(),
        points: 4321,
        model: "all-MiniLM-L6-v2".to_owned(),
        reindex: Some(progress),
        ..IndexState::default()
    })
}
