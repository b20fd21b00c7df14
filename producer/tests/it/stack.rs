//! A producer and its broker on free ports, as every test boots them.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;
use producer::ProducerConfig;
use rdkafka::{
    ClientConfig, Message, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::OwnedMessage,
    topic_partition_list::Offset,
};
use service::CancellationToken;
use streamer::StreamerConfig;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// What is waited for takes less, unless it is broken.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Stack {
    pub(crate) url: String,
    pub(crate) kafka: SocketAddr,
    pub(crate) http: reqwest::Client,
    producer: Running,
    broker: Option<Running>,
    data_dir: TempDir,
}

struct Running {
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Stack {
    /// `arguments` are the producer's; port and broker are given.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut stack = Self::start_without_broker(arguments).await;
        stack.start_broker().await;
        stack.wait_until_ready(true).await;
        stack
    }

    /// Nobody answers at the broker's address yet.
    pub(crate) async fn start_without_broker(arguments: &[&str]) -> Self {
        service::telemetry::init();
        let data_dir = tempfile::tempdir().unwrap();
        let kafka = free_ports::address();
        let listener = listen().await;
        let url = format!("http://{}", listener.local_addr().unwrap());
        let broker = kafka.to_string();
        let given = [
            "producer",
            "--kafka-broker",
            &broker,
            "--body-limit",
            "1000",
        ];
        let config = ProducerConfig::parse_from(given.iter().chain(arguments));
        let stop = CancellationToken::new();
        let served = tokio::spawn(producer::serve(listener, config, stop.clone()));
        Self {
            url,
            kafka,
            http: reqwest::Client::new(),
            producer: Running { stop, served },
            broker: None,
            data_dir,
        }
    }

    pub(crate) async fn start_broker(&mut self) {
        let listener = TcpListener::bind(self.kafka).await.unwrap();
        let config = StreamerConfig::new(self.data_dir.path());
        let stop = CancellationToken::new();
        let served = tokio::spawn(streamer::serve(listener, config, stop.clone()));
        self.broker = Some(Running { stop, served });
    }

    pub(crate) async fn stop_broker(&mut self) {
        self.broker.take().unwrap().end().await;
    }

    /// Ends the producer as Ctrl-C does.
    pub(crate) async fn stop_producer(self) {
        self.producer.end().await;
        if let Some(broker) = self.broker {
            broker.end().await;
        }
    }

    pub(crate) fn signal_stop(&self) {
        self.producer.stop.cancel();
    }

    pub(crate) async fn wait_until_ready(&self, ready: bool) {
        within(async {
            while self.get("/readyz").await.status().is_success() != ready {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap()
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url))
    }

    /// The first `count` records of partition 0 of a topic, as any Kafka client reads them.
    pub(crate) async fn records(&self, topic: &'static str, count: usize) -> Vec<OwnedMessage> {
        let broker = self.kafka.to_string();
        let reading = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = ClientConfig::new()
                .set("bootstrap.servers", broker)
                .set("group.id", "test")
                .create()
                .unwrap();
            let mut partitions = TopicPartitionList::new();
            partitions
                .add_partition_offset(topic, 0, Offset::Beginning)
                .unwrap();
            consumer.assign(&partitions).unwrap();
            (0..count)
                .map(|_| consumer.poll(DEADLINE).unwrap().unwrap().detach())
                .collect()
        });
        within(reading).await.unwrap()
    }
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        within(self.served).await.unwrap().unwrap();
    }
}

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

pub(crate) async fn within<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .expect("in time")
}

pub(crate) fn values(records: &[OwnedMessage]) -> Vec<&[u8]> {
    records
        .iter()
        .map(|record| record.payload().unwrap())
        .collect()
}
