//! A seer that speaks the contract, and says the most hostile things.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::{
    MessageId, Receipt,
    seer::{
        Answer, AnswerMode, AskRequest, Citation, IndexState, LoadedFile, ReindexProgress,
        SearchResults,
    },
};
use futures::{StreamExt, stream};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::fake_stations::{problem, ready, sse};

pub(crate) const HOSTILE: &str = "</script></textarea><img src=x onerror=alert(1)>\"'";
/// Questions that meet a seer which is not well.
pub(crate) const REFUSED: &str = "refuse this";
pub(crate) const BROKEN_OFF: &str = "break off";
/// A question to which no message holds an answer.
pub(crate) const UNKNOWN: &str = "who knows?";
/// What it takes as a statement.
pub(crate) const STATEMENT_BYTES_MAX: usize = 1024 * 1024;

#[derive(Clone)]
pub(crate) struct FakeSeer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Option<AskRequest>>>,
    pub(crate) statement: Arc<Mutex<String>>,
    pub(crate) loaded_bytes: Arc<AtomicU64>,
    pub(crate) rebuilds: Arc<AtomicUsize>,
}

impl FakeSeer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let seer = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            statement: Arc::default(),
            loaded_bytes: Arc::default(),
            rebuilds: Arc::default(),
        };
        let router = Router::new()
            .route("/readyz", get(ready))
            .route("/ask", post(ask))
            .route("/accept", post(accept))
            .route("/load", post(load))
            .route("/index", get(index))
            .route("/reindex", post(reindex))
            .layer(DefaultBodyLimit::disable())
            .with_state(seer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        seer
    }

    pub(crate) fn last_asked(&self) -> AskRequest {
        self.asked.lock().unwrap().clone().unwrap()
    }
}

/// The message that every answer cites.
pub(crate) fn cited() -> MessageId {
    MessageId::of_record("orders", 2, 7)
}

pub(crate) fn answer(known: bool) -> Answer {
    let citation = Citation {
        n: 1,
        id: cited(),
        topic: HOSTILE.to_owned(),
        partition: 2,
        offset: 7,
        key: Some(HOSTILE.to_owned()),
        timestamp: Some(1_769_851_800_000),
        text: format!("The sentence. {HOSTILE}"),
        score: 0.5,
    };
    Answer {
        answer: format!("The sentence {HOSTILE} [1]. It rains [9]."),
        mode: AnswerMode::Model,
        known,
        citations: if known { vec![citation] } else { Vec::new() },
        unsupported: vec!["It rains [9].".to_owned()],
        degraded: Some(format!("the model is away {HOSTILE}")),
        conversation: Some("conversation-2".to_owned()),
    }
}

async fn ask(State(seer): State<FakeSeer>, Json(request): Json<AskRequest>) -> Response {
    *seer.asked.lock().unwrap() = Some(request.clone());
    if request.question == REFUSED {
        return problem(
            503,
            "model-loading",
            "The model is loading. Ask again in a moment.",
        );
    }
    let answer = answer(request.question != UNKNOWN);
    if !request.stream {
        return Json(answer).into_response();
    }
    let mut events = vec![event("retrieved", &SearchResults::default())];
    events.extend(["The ", "sentence"].map(|token| event("token", &token)));
    if request.question == BROKEN_OFF {
        return sse(stream::iter(events));
    }
    events.push(event("citations", &answer.citations));
    events.push(event("done", &answer));
    // Kept open: it is for the portal to know the last event.
    sse(stream::iter(events).chain(stream::pending()))
}

fn event(name: &str, data: &impl Serialize) -> String {
    format!(
        "event: {name}\ndata: {}\n\n",
        serde_json::to_string(data).unwrap()
    )
}

async fn accept(State(seer): State<FakeSeer>, statement: String) -> Response {
    if statement.len() > STATEMENT_BYTES_MAX {
        return problem(
            413,
            "too-large",
            "At most 1048576 bytes are taken: send less at once.",
        );
    }
    *seer.statement.lock().unwrap() = statement;
    let receipt = Receipt {
        id: MessageId::of_record("seer-statement", 0, 3),
        topic: "seer-statement".to_owned(),
        partition: 0,
        offset: 3,
        timestamp: 1_769_851_800_000,
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        status: String::new(),
        took_us: 842,
    };
    (StatusCode::CREATED, Json(receipt)).into_response()
}

async fn load(State(seer): State<FakeSeer>, body: Body) -> Response {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let bytes = piece.unwrap().len() as u64;
        seer.loaded_bytes.fetch_add(bytes, Ordering::SeqCst);
    }
    let good = LoadedFile {
        name: "good.txt".to_owned(),
        messages: 12,
        first: Some(cited()),
        last: Some(cited()),
        bytes: 8,
        finished: true,
        error: None,
    };
    let begun = LoadedFile {
        messages: 5,
        finished: false,
        ..good.clone()
    };
    let bad = LoadedFile {
        name: HOSTILE.to_owned(),
        messages: 0,
        first: None,
        last: None,
        bytes: 8,
        finished: true,
        error: Some("is damaged".to_owned()),
    };
    let lines = [begun, good, bad].map(|file| serde_json::to_string(&file).unwrap() + "\n");
    let lines = stream::iter(lines.map(Ok::<_, std::convert::Infallible>));
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(lines)).into_response()
}

async fn index(State(seer): State<FakeSeer>) -> Json<IndexState> {
    let progress = ReindexProgress {
        collection: "kafkloud-2".to_owned(),
        records_done: 250,
        records_total: 1000,
        ..ReindexProgress::default()
    };
    let is_rebuilding = seer.rebuilds.load(Ordering::SeqCst) > 0;
    Json(IndexState {
        collection: "kafkloud-1".to_owned(),
        points: 4321,
        lag: Some(5),
        model: format!("all-MiniLM-L6-v2 {HOSTILE}"),
        dimension: 384,
        store: "embedded".to_owned(),
        answers: "extractive".to_owned(),
        reindex: is_rebuilding.then_some(progress),
    })
}

async fn reindex(State(seer): State<FakeSeer>) -> Response {
    if seer.rebuilds.fetch_add(1, Ordering::SeqCst) > 0 {
        return problem(
            409,
            "rebuilding",
            "It is being rebuilt already: see how far it is.",
        );
    }
    StatusCode::ACCEPTED.into_response()
}
