//! A producer and a consumer that speak the contract and do as they are told.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{self, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::{
    Check, MessageId, Problem, Readiness, Receipt, Stage, Timestamp,
    record::{Encoding, HeaderView, RecordNeighbours, RecordPlace, RecordView},
    status::{MessageLife, StageReached, StatusSummary},
};
use futures::{StreamExt, stream};
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::wrappers::WatchStream;

use crate::{
    fake_cluster::FakeCluster,
    fake_stream::{self, FakeStream},
};

/// What the stand-in for the producer takes.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Messages to this topic meet a producer without a broker.
pub(crate) const TOPIC_WITHOUT_BROKER: &str = "no-broker";

/// What runs where it should be shown as text.
pub(crate) const CANARY: &str = "<img src=x onerror=alert(1)>\"'";

/// Producer and consumer at once.
#[derive(Clone)]
pub(crate) struct Stations {
    pub(crate) address: SocketAddr,
    pub(crate) cluster: FakeCluster,
    pub(crate) stream: FakeStream,
    lives: Arc<watch::Sender<BTreeMap<MessageId, MessageLife>>>,
    /// Media type and body of the message produced last.
    produced: Arc<Mutex<(String, String)>>,
    /// The headers that it was to have.
    given: Arc<Mutex<Vec<String>>>,
    /// Whether messages are consumed as soon as they are produced.
    consuming: Arc<AtomicBool>,
}

impl Stations {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stations = Self {
            address: listener.local_addr().unwrap(),
            cluster: FakeCluster::default(),
            stream: FakeStream::default(),
            lives: Arc::new(watch::Sender::new(BTreeMap::new())),
            produced: Arc::default(),
            given: Arc::default(),
            consuming: Arc::new(AtomicBool::new(true)),
        };
        let router = Router::new()
            .route("/readyz", get(ready))
            .route("/status", get(summary))
            .route("/status/{id}", get(life))
            .route("/events", get(events))
            .route("/messages/{topic}/{partition}/{offset}", get(record))
            .route(
                "/messages/{topic}/{partition}/{offset}/neighbours",
                get(neighbours),
            )
            .route("/produce/{topic}", post(produce_without_key))
            .route("/produce/{topic}/{key}", post(produce))
            .layer(extract::DefaultBodyLimit::disable())
            .with_state(stations.clone())
            .merge(stations.cluster.routes())
            .merge(stations.stream.routes());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        stations
    }

    pub(crate) fn stop_consuming(&self) {
        self.consuming.store(false, Ordering::SeqCst);
    }

    /// Lets a message be consumed now.
    pub(crate) fn consume(&self, id: MessageId) {
        self.lives.send_modify(|lives| {
            let life = lives.get_mut(&id).unwrap();
            life.stage = Stage::Consumed;
            life.stages.push(reached(Stage::Consumed, 3400));
        });
    }

    /// Lets the seer come to a message now.
    pub(crate) fn index(&self, id: MessageId, error: Option<&str>) {
        self.lives.send_modify(|lives| {
            let life = lives.get_mut(&id).unwrap();
            life.stage = Stage::Indexed;
            life.stages.push(StageReached {
                error: error.map(str::to_owned),
                ..reached(Stage::Indexed, 90_000)
            });
        });
    }

    /// Forgets the life of a message, as the consumer does when it is old.
    pub(crate) fn forget(&self, id: MessageId) {
        self.lives.send_modify(|lives| {
            lives.remove(&id);
        });
    }

    pub(crate) fn last_given(&self) -> Vec<String> {
        self.given.lock().unwrap().clone()
    }

    pub(crate) fn last_produced(&self) -> (String, String) {
        self.produced.lock().unwrap().clone()
    }
}

fn reached(stage: Stage, after_us: i64) -> StageReached {
    let start = 1_769_851_800_000_000;
    let at = Timestamp::from_micros(start + after_us);
    StageReached {
        stage,
        at,
        component: "stand-in".to_owned(),
        took_us: after_us as u64,
        error: None,
    }
}

/// What a service answers to `/readyz` that can do its work.
pub(crate) async fn ready() -> Json<Readiness> {
    let check = Check {
        ready: true,
        reason: None,
    };
    Json(Readiness {
        ready: true,
        checks: [("kafka".to_owned(), check)].into(),
    })
}

async fn summary(State(stations): State<Stations>) -> Json<StatusSummary> {
    let count = stations.lives.borrow().len() as u64;
    Json(StatusSummary {
        n_consumed: 1234 + count,
        stages: [(Stage::Accepted, 1234 + count)].into(),
        ..StatusSummary::default()
    })
}

async fn life(
    State(stations): State<Stations>,
    extract::Path(id): extract::Path<MessageId>,
) -> Response {
    match stations.lives.borrow().get(&id) {
        Some(life) => Json(life).into_response(),
        None => problem(404, "unknown-message", "No message has this id yet."),
    }
}

/// Every place holds the record that was produced last, with the key of the message there.
async fn record(
    State(stations): State<Stations>,
    extract::Path((topic, partition, offset)): extract::Path<(String, i32, i64)>,
) -> Response {
    if stations.stream.is_gone(offset) {
        return problem(404, "no-record", "The log holds offsets 100 to 200 now.");
    }
    let (media_type, value) = stations.last_produced();
    let header = |name: &str, value: &str| HeaderView {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        value_encoding: Encoding::Text,
    };
    let id = MessageId::of_record(&topic, partition, offset);
    let key = stations
        .lives
        .borrow()
        .get(&id)
        .map(|life| life.key.clone());
    Json(RecordView {
        id,
        topic,
        partition,
        offset,
        timestamp: Some(1_769_851_800_000),
        key: key.flatten(),
        key_encoding: Encoding::Text,
        headers: vec![header("content-type", &media_type), header(&value, &value)],
        value: Some(value),
        value_encoding: Encoding::Text,
    })
    .into_response()
}

/// The messages before and after one, wherever it lies.
async fn neighbours(
    extract::Path((topic, partition, offset)): extract::Path<(String, i32, i64)>,
) -> Json<RecordNeighbours> {
    let place = |offset| {
        let id = MessageId::of_record(&topic, partition, offset);
        (offset >= 0).then(|| RecordPlace {
            id,
            topic: topic.clone(),
            partition,
            offset,
        })
    };
    Json(RecordNeighbours {
        previous: place(offset - 1),
        next: place(offset + 1),
        previous_with_key: None,
        next_with_key: place(offset + 10),
    })
}

async fn events(
    State(stations): State<Stations>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let ids: Vec<MessageId> = query["ids"]
        .split(',')
        .map(|id| id.parse().unwrap())
        .collect();
    let lives = WatchStream::new(stations.lives.subscribe()).flat_map(move |lives| {
        let wanted: Vec<String> = ids
            .iter()
            .filter_map(|id| lives.get(id))
            .map(|life| {
                format!(
                    "event: life\ndata: {}\n\n",
                    serde_json::to_string(life).unwrap()
                )
            })
            .collect();
        stream::iter(wanted)
    });
    let stats = stream::iter(["event: stats\ndata: {}\n\n".to_owned()]);
    sse(stats.chain(lives))
}

pub(crate) fn sse(events: impl stream::Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(events.map(Ok::<_, std::convert::Infallible>));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

async fn produce_without_key(
    state: State<Stations>,
    extract::Path(topic): extract::Path<String>,
    headers: axum::http::HeaderMap,
    body: String,
) -> Response {
    produce(state, extract::Path((topic, String::new())), headers, body).await
}

async fn produce(
    State(stations): State<Stations>,
    extract::Path((topic, key)): extract::Path<(String, String)>,
    headers: axum::http::HeaderMap,
    body: String,
) -> Response {
    if topic == TOPIC_WITHOUT_BROKER {
        return problem(
            503,
            "broker-away",
            "No broker answers. Start one, then send again.",
        );
    }
    if body.len() > BODY_BYTES_MAX {
        return problem(
            413,
            "too-large",
            "At most 1048576 bytes are taken: send less at once.",
        );
    }
    let media_type = headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let given = headers.get_all(contract::header::GIVEN).iter();
    let given = given.map(|header| header.to_str().unwrap().to_owned());
    *stations.given.lock().unwrap() = given.collect();
    if media_type == "application/x-ndjson" {
        let outcomes = fake_stream::outcomes(&topic, &body);
        *stations.produced.lock().unwrap() = (media_type, body);
        return outcomes.into_response();
    }
    *stations.produced.lock().unwrap() = (media_type, body);
    let offset = stations.lives.borrow().len() as i64;
    let id = MessageId::of_record(&topic, 0, offset);
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
    let life = MessageLife {
        id,
        topic: topic.clone(),
        partition: 0,
        offset,
        key: (!key.is_empty()).then_some(key),
        stage: Stage::Streamed,
        trace_id: Some(trace_id.clone()),
        stages: vec![reached(Stage::Accepted, 0), reached(Stage::Streamed, 1000)],
    };
    stations.lives.send_modify(|lives| {
        lives.insert(id, life);
    });
    if stations.consuming.load(Ordering::SeqCst) {
        stations.consume(id);
    }
    let timestamp = Timestamp::from(SystemTime::now()).as_millis();
    let status = format!("http://{}/status/{id}", stations.address);
    let receipt = Receipt {
        id,
        topic,
        partition: 0,
        offset,
        timestamp,
        trace_id,
        status,
        took_us: 842,
    };
    (StatusCode::CREATED, Json(receipt)).into_response()
}

pub(crate) fn problem(status: u16, kind: &str, detail: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap();
    (
        code,
        Json(Problem::new(status, kind, "It did not work", detail)),
    )
        .into_response()
}
