//! A broker and a consumer on free ports, and a client for each.

use std::{borrow::Cow, future::Future, net::SocketAddr, path::Path, time::Duration};

use bus::{Ack, KafkaConfig, Message, MessageHeaders, Publisher, PublisherConfig};
use clap::Parser;
use consumer::ConsumerConfig;
use contract::{
    MessageId, Stage, Timestamp, TraceParent,
    status::{MessageLife, StatusSummary},
};
use futures::StreamExt;
use rdkafka::{
    ClientConfig,
    producer::{FutureProducer, FutureRecord},
};
use service::CancellationToken;
use streamer::StreamerConfig;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// Longest wait for anything to come true.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    pub(crate) data: TempDir,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Broker {
    pub(crate) async fn start() -> Self {
        // Quiet unless somebody looks for a cause.
        if std::env::var_os("RUST_LOG").is_some() {
            service::telemetry::init();
        }
        Self::start_at(free_ports::address(), tempfile::tempdir().unwrap()).await
    }

    /// On a known port and with the data of a broker before it.
    pub(crate) async fn start_at(address: SocketAddr, data: TempDir) -> Self {
        let listener = eventually(async || TcpListener::bind(address).await.ok()).await;
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let config = StreamerConfig::new(data.path());
        let task = tokio::spawn(streamer::serve(listener, config, stop.clone()));
        Self {
            address,
            data,
            stop,
            task,
        }
    }

    /// Stops it; the data stays.
    pub(crate) async fn stop(self) -> (SocketAddr, TempDir) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        (self.address, self.data)
    }

    pub(crate) fn kafka(&self) -> KafkaConfig {
        KafkaConfig::open(self.address.to_string())
    }

    /// Writes as the producer does.
    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::new(&self.kafka(), "test", PublisherConfig::default()).unwrap()
    }

    /// Writes as any other Kafka client does: without headers.
    pub(crate) async fn write_foreign(&self, topic: &str, value: &str) -> (i32, i64) {
        let record = FutureRecord::to(topic).payload(value.as_bytes());
        self.write(record).await
    }

    pub(crate) async fn write(&self, record: FutureRecord<'_, [u8], [u8]>) -> (i32, i64) {
        let producer: FutureProducer = self.client().create().unwrap();
        let delivery = producer.send(record, DEADLINE).await.unwrap();
        (delivery.partition, delivery.offset)
    }

    /// Settings of a client that has nothing to do with Kafkloud.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address.to_string());
        config
    }
}

/// Writes a message as the producer does.
pub(crate) async fn publish(publisher: &Publisher, topic: &str, id: MessageId, value: &str) -> Ack {
    let message = Message {
        topic,
        key: Some(Cow::Borrowed(b"key")),
        value: value.as_bytes(),
        headers: MessageHeaders {
            id,
            accepted_at: Timestamp::from(std::time::SystemTime::now()),
            trace: TraceParent {
                trace_id: 7,
                span_id: 1,
                sampled: false,
            },
            content_type: None,
            others: &[],
        },
    };
    publisher.publish(&message).await.unwrap()
}

pub(crate) fn id(name: &str) -> MessageId {
    MessageId::of_idempotency_key("test", name.as_bytes())
}

pub(crate) struct Consumer {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Consumer {
    pub(crate) async fn start(kafka: &KafkaConfig, data: &Path) -> Self {
        Self::start_with(kafka, data, &[]).await
    }

    pub(crate) async fn start_with(kafka: &KafkaConfig, data: &Path, arguments: &[&str]) -> Self {
        let data = data.to_str().unwrap();
        let base = [
            "consumer",
            "--kafka-broker",
            &kafka.broker,
            "--data-dir",
            data,
        ];
        // This program is the tests.
        let filters = ["--filter-program", env!("CARGO_BIN_EXE_consumer")];
        let is_given = arguments.contains(&filters[0]);
        let filters = filters.iter().filter(|_| !is_given);
        let config = ConsumerConfig::parse_from(base.iter().chain(filters).chain(arguments));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(consumer::serve(listener, config, stop.clone()));
        Self {
            url,
            http: reqwest::Client::builder()
                // A connection kept open would outlive an aborted service.
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            stop,
            task,
        }
    }

    /// Ends as told.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(DEADLINE, self.task).await;
        ended.unwrap().unwrap().unwrap();
    }

    /// Ends in the middle of whatever it does: nothing is finished.
    pub(crate) async fn abort(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// What `serve` came to, for services that end by themselves.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        tokio::time::timeout(DEADLINE, self.task)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, serde_json::Value) {
        let response = self.http.get(format!("{}{path}", self.url)).send().await;
        let response = response.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// A request that changes something, with its status and answer.
    pub(crate) async fn change(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> (u16, serde_json::Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub(crate) async fn summary(&self) -> StatusSummary {
        serde_json::from_value(self.get("/status").await.1).unwrap()
    }

    /// Waits until as many messages are consumed.
    pub(crate) async fn consumed(&self, count: u64) -> StatusSummary {
        eventually(async || {
            let summary = self.summary().await;
            assert!(summary.n_consumed <= count, "{summary:?}");
            (summary.n_consumed == count).then_some(summary)
        })
        .await
    }

    /// The life of a message once it has reached `stage`.
    pub(crate) async fn life(&self, id: MessageId, stage: Stage) -> MessageLife {
        let (status, life) = self
            .get(&format!("/status/{id}?wait=30&stage={stage}"))
            .await;
        assert_eq!(status, 200, "{life}");
        let life: MessageLife = serde_json::from_value(life).unwrap();
        assert!(life.has_reached(stage), "{life:?}");
        life
    }

    pub(crate) async fn events(&self, path: &str) -> Events {
        self.events_after(path, None).await
    }

    pub(crate) async fn events_after(&self, path: &str, last_event_id: Option<&str>) -> Events {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events {
            body: response.bytes_stream().boxed(),
            text: String::new(),
        }
    }
}

/// A stream of server-sent events, read as a browser does.
pub(crate) struct Events {
    body: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

impl Events {
    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse_event(block);
                self.text = rest.to_owned();
                // Comments keep the stream alive and are no events.
                match event {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(DEADLINE, self.body.next()).await;
            let chunk = chunk.expect("an event in time")?;
            self.text
                .push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next event of this name.
    pub(crate) async fn named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }
}

impl Event {
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.data).unwrap()
    }
}

fn parse_event(block: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data = Vec::new();
    for line in block.lines() {
        match line.split_once(": ").or(line.split_once(':')) {
            Some(("event", name)) => event.name = name.to_owned(),
            Some(("id", id)) => event.id = id.to_owned(),
            Some(("data", line)) => data.push(line),
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!event.name.is_empty()).then_some(event)
}

/// Asks again until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::time::timeout(DEADLINE, asking).await;
    answer.expect("came true in time")
}
