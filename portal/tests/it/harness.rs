//! A portal on a free port, and stations that do as they are told.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{self, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use clap::Parser;
use contract::{
    Check, MessageId, Problem, Readiness, Receipt, Stage, Timestamp,
    record::{Encoding, HeaderView, RecordView},
    status::{MessageLife, StageReached, StatusSummary},
};
use futures::{StreamExt, stream};
use portal::PortalConfig;
use service::CancellationToken;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_stream::wrappers::WatchStream;

use crate::fake_seer::FakeSeer;

pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// What the stand-in for the producer takes.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Messages to this topic meet a producer without a broker.
pub(crate) const TOPIC_WITHOUT_BROKER: &str = "no-broker";

/// Producer and consumer at once.
#[derive(Clone)]
pub(crate) struct Stations {
    pub(crate) address: SocketAddr,
    lives: Arc<watch::Sender<BTreeMap<MessageId, MessageLife>>>,
    /// Media type and body of the message produced last.
    produced: Arc<Mutex<(String, String)>>,
    /// Whether messages are consumed as soon as they are produced.
    consuming: Arc<AtomicBool>,
}

impl Stations {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stations = Self {
            address: listener.local_addr().unwrap(),
            lives: Arc::new(watch::Sender::new(BTreeMap::new())),
            produced: Arc::default(),
            consuming: Arc::new(AtomicBool::new(true)),
        };
        let router = Router::new()
            .route("/readyz", get(readyz))
            .route("/status", get(summary))
            .route("/status/{id}", get(life))
            .route("/events", get(events))
            .route("/messages/{topic}/{partition}/{offset}", get(record))
            .route("/consume", get(consume))
            .route("/produce/{topic}", post(produce_without_key))
            .route("/produce/{topic}/{key}", post(produce))
            .layer(extract::DefaultBodyLimit::disable())
            .with_state(stations.clone());
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

async fn readyz() -> Json<Readiness> {
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

/// Every place holds the record that was produced last.
async fn record(
    State(stations): State<Stations>,
    extract::Path((topic, partition, offset)): extract::Path<(String, i32, i64)>,
) -> Json<RecordView> {
    let (media_type, value) = stations.last_produced();
    Json(RecordView {
        id: MessageId::of_record(&topic, partition, offset),
        topic,
        partition,
        offset,
        timestamp: Some(1_769_851_800_000),
        key: None,
        key_encoding: Encoding::Text,
        value: Some(value),
        value_encoding: Encoding::Text,
        headers: vec![HeaderView {
            name: "content-type".to_owned(),
            value: Some(media_type),
            value_encoding: Encoding::Text,
        }],
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

async fn consume(Query(query): Query<BTreeMap<String, String>>) -> Response {
    if query["topics"].contains('/') {
        return problem(400, "invalid-topic", "Topic names have no slash.");
    }
    let record = format!(
        "event: streamer\nid: {}:0:7\ndata: {{}}\n\n",
        query["topics"]
    );
    sse(stream::iter([record]).chain(stream::pending()))
}

fn sse(events: impl stream::Stream<Item = String> + Send + 'static) -> Response {
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

pub(crate) struct TestPortal {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<anyhow::Result<()>>,
}

impl TestPortal {
    /// Beside stations that are there.
    pub(crate) async fn start(stations: &Stations) -> Self {
        Self::start_beside(stations.address, stations.address).await
    }

    /// Beside a producer that is there and a consumer that is not.
    pub(crate) async fn start_without_consumer(stations: &Stations) -> Self {
        Self::start_beside(stations.address, nobody().await).await
    }

    /// Beside stations that are there, and a seer.
    pub(crate) async fn start_with_seer(stations: &Stations, seer: &FakeSeer) -> Self {
        let config = config(stations.address, stations.address, seer.address);
        Self::start_as(config).await
    }

    /// Beside stations of which none answers.
    pub(crate) async fn start_alone() -> Self {
        let nobody = nobody().await;
        Self::start_beside(nobody, nobody).await
    }

    /// Alone, with the scripts and styles of `site_dir`.
    pub(crate) async fn start_with_site(site_dir: &Path) -> Self {
        let nobody = nobody().await;
        let site_dir = Some(site_dir.to_owned());
        let config = PortalConfig {
            site_dir,
            ..config(nobody, nobody, nobody)
        };
        Self::start_as(config).await
    }

    async fn start_beside(producer: SocketAddr, consumer: SocketAddr) -> Self {
        Self::start_as(config(producer, consumer, nobody().await)).await
    }

    async fn start_as(config: PortalConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served = tokio::spawn(portal::serve(listener, config, stop.clone()));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DEADLINE)
            .build()
            .unwrap();
        Self {
            address,
            client,
            stop,
            served,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// Loads a page until it holds `text`.
    pub(crate) async fn page_with(&self, path: &str, text: &str) -> String {
        let loaded = tokio::time::timeout(DEADLINE, async {
            loop {
                let page = self.page(path).await;
                if page.contains(text) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        loaded
            .await
            .unwrap_or_else(|_| panic!("{path} never shows {text:?}"))
    }

    /// Sends the form as a browser without JavaScript does.
    pub(crate) async fn submit(&self, topic: &str, key: &str, message: &str) -> reqwest::Response {
        let form = [("topic", topic), ("key", key), ("message", message)];
        self.submit_to("/", &form).await
    }

    pub(crate) async fn submit_to(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let encoded = form_encoded(form);
        self.client
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", self.url(""))
            .body(encoded)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn post_json(&self, body: &serde_json::Value) -> reqwest::Response {
        self.client
            .post(self.url("/api/outbox"))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn produce(&self, message: &str) -> Receipt {
        let body = serde_json::json!({ "topic": "stream", "key": "k", "message": message });
        let response = self.post_json(&body).await;
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }
}

fn config(producer: SocketAddr, consumer: SocketAddr, seer: SocketAddr) -> PortalConfig {
    let [producer, consumer, seer] =
        [producer, consumer, seer].map(|address| format!("http://{address}"));
    let arguments = [
        "portal",
        "--producer-url",
        &producer,
        "--consumer-url",
        &consumer,
        "--seer-url",
        &seer,
    ];
    PortalConfig {
        allowed_hosts: vec!["portal.example".to_owned()],
        embedded: vec!["streamer".to_owned()],
        ..PortalConfig::parse_from(arguments)
    }
}

/// An address at which nothing listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

fn form_encoded(form: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form").unwrap();
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap().to_owned()
}
