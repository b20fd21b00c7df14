//! A broker and a seer on free ports, with the real embedding model.

use std::{net::SocketAddr, path::Path, time::Duration};

use clap::Parser;
use contract::seer::{Answer, IndexState};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    producer::{FutureProducer, FutureRecord},
};
use seer::SeerConfig;
use serde::de::DeserializeOwned;
use service::CancellationToken;
use streamer::StreamerConfig;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

/// Longest wait for anything to come true; loading the model beside other tests takes the most of it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    _data: TempDir,
    stop: CancellationToken,
}

impl Broker {
    pub(crate) async fn start() -> Self {
        if std::env::var_os("RUST_LOG").is_some() {
            service::telemetry::init();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (data, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
        let config = StreamerConfig::new(data.path());
        tokio::spawn(streamer::serve(listener, config, stop.clone()));
        Self {
            address,
            _data: data,
            stop,
        }
    }

    /// Writes as any other Kafka client does: without headers.
    pub(crate) async fn write(&self, topic: &str, key: &str, value: &[u8]) {
        let producer: FutureProducer = self.client().create().unwrap();
        let record = FutureRecord::to(topic).key(key).payload(value);
        producer.send(record, DEADLINE).await.unwrap();
    }

    /// Reads a topic from its beginning until a record is what is wanted.
    pub(crate) async fn find<T: Send + 'static>(
        &self,
        topic: &'static str,
        wanted: impl Fn(Option<&[u8]>, &[u8]) -> Option<T> + Send + 'static,
    ) -> T {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "test")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("topic.metadata.refresh.interval.ms", "200")
            .create()
            .unwrap();
        consumer.subscribe(&[&format!("^{topic}$")]).unwrap();
        let reading = tokio::task::spawn_blocking(move || {
            let end = std::time::Instant::now() + DEADLINE;
            while std::time::Instant::now() < end {
                let Some(Ok(record)) = consumer.poll(Duration::from_millis(100)) else {
                    continue;
                };
                use rdkafka::Message;
                if let Some(found) = wanted(record.key(), record.payload().unwrap_or_default()) {
                    return found;
                }
            }
            panic!("{topic} never held what was looked for")
        });
        reading.await.unwrap()
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address.to_string());
        config
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) struct Seer {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Seer {
    pub(crate) async fn start(broker: &Broker, data: &Path, arguments: &[&str]) -> Self {
        let broker = broker.address.to_string();
        let data = data.to_str().unwrap();
        let base = ["seer", "--kafka-broker", &broker, "--data-dir", data];
        let config = SeerConfig::parse_from(base.iter().chain(arguments));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(seer::serve(listener, config, stop.clone()));
        Self {
            url,
            http: reqwest::Client::new(),
            stop,
            task,
        }
    }

    /// The same, when it can do its work.
    pub(crate) async fn ready(broker: &Broker, data: &Path, arguments: &[&str]) -> Self {
        let seer = Self::start(broker, data, arguments).await;
        eventually(async || (seer.status("/readyz").await == 200).then_some(())).await;
        seer
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        timeout(DEADLINE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    pub(crate) async fn status(&self, path: &str) -> u16 {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await;
        answer.unwrap().status().as_u16()
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await;
        let text = answer.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// Posts a text; the status and the JSON that is answered.
    pub(crate) async fn post(&self, path: &str, body: &str) -> (u16, serde_json::Value) {
        let request = self.http.post(format!("{}{path}", self.url));
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    pub(crate) async fn ask(&self, question: &str) -> Answer {
        let (status, answer) = self.post("/ask", question).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    pub(crate) async fn points(&self, count: u64) -> IndexState {
        eventually(async || {
            let index: IndexState = self.get("/index").await;
            assert!(index.points <= count, "{index:?}");
            (index.points == count).then_some(index)
        })
        .await
    }
}

pub(crate) async fn eventually<T>(condition: impl AsyncFn() -> Option<T>) -> T {
    let comes_true = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, comes_true)
        .await
        .expect("the condition comes true in time")
}
