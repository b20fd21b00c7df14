//! The producer beside what a user would write otherwise: the same broker, the same load, in alternating rounds.
//!
//! What is compared is the median over the rounds; a first round warms all up (Java and Node compile as they go) and
//! is not counted.
#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

mod load;
mod ndjson;
mod server;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use bench::broker::Broker;
use clap::{Parser, ValueEnum};

use load::Load;
use server::Server;
use table::Comparison;

/// Of callers that are asked.
const TOKEN: &str = "the-token-of-the-benchmark";

/// Measures POST /produce beside Express and FastAPI, and NDJSON beside librdkafka, on Apache Kafka and on the streamer
#[derive(Parser)]
#[command(name = "bench-http")]
struct Args {
    /// What to measure; both if not given
    benchmark: Option<Benchmark>,

    /// Rounds that count
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Length of a round of POST /produce, in seconds
    #[arg(long, default_value_t = 4)]
    round_s: u64,

    /// Connections of POST /produce
    #[arg(long, default_value_t = 64)]
    connections: usize,

    /// Lines of a round of NDJSON
    #[arg(long, default_value_t = 1_000_000)]
    lines: usize,

    /// The producer's release binary
    #[arg(long, env = "PRODUCER_BIN", default_value = "target/release/producer")]
    producer: PathBuf,

    /// The streamer's release binary
    #[arg(long, env = "STREAMER_BIN", default_value = "target/release/streamer")]
    streamer: PathBuf,

    /// Folder of the peers and of the script that starts Apache Kafka
    #[arg(long, default_value = "bench/peers")]
    peers: PathBuf,

    /// Folder that keeps Apache Kafka's jars
    #[arg(long, env = "KAFKA_DIR", default_value = "target/apache-kafka")]
    kafka_dir: PathBuf,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Benchmark {
    /// One message a request, answered after its ack
    Produce,
    /// A million lines in one request, with a receipt for each
    Ndjson,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut comparisons = Vec::new();
    // One broker at a time: two would share the machine.
    for start in [start_kafka, start_streamer] {
        let work = tempfile::tempdir()?;
        match start(&args, work.path()) {
            Ok(broker) => comparisons.extend(args.compare(&broker, work.path()).await?),
            Err(error) => println!("a broker is absent: {error:#}"),
        }
    }
    println!("{}", table::of(&comparisons));
    Ok(())
}

fn start_kafka(args: &Args, work: &Path) -> anyhow::Result<Broker> {
    Broker::start_kafka(
        &args.peers.join("apache-kafka/kafka.sh"),
        &args.kafka_dir,
        work,
    )
    .context("Apache Kafka")
}

fn start_streamer(args: &Args, work: &Path) -> anyhow::Result<Broker> {
    let starting = Broker::start_streamer(&args.streamer, work);
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(starting))
}

impl Args {
    async fn compare(&self, broker: &Broker, work: &Path) -> anyhow::Result<Vec<Comparison>> {
        let mut comparisons = Vec::new();
        if self.benchmark != Some(Benchmark::Ndjson) {
            comparisons.extend(self.produce(broker, work).await?);
            comparisons.push(self.asking(broker, work).await?);
        }
        if self.benchmark != Some(Benchmark::Produce) {
            comparisons.push(self.ndjson(broker, work).await?);
        }
        Ok(comparisons)
    }

    async fn produce(&self, broker: &Broker, work: &Path) -> anyhow::Result<Vec<Comparison>> {
        let kafka = &broker.address;
        let ours = Server::kafkloud(&self.producer, kafka, work, None).await?;
        let express = Server::express(&self.peers, kafka, work).await;
        let fastapi = Server::fastapi(&self.peers, kafka, work).await;
        let mut rates = Vec::new();
        let mut peers = [
            ("Express + kafkajs", 10.0, express),
            ("FastAPI + aiokafka", 7.0, fastapi),
        ]
        .map(|(name, target, server)| {
            let rates = server
                .as_ref()
                .map(|_| Vec::new())
                .map_err(|error| format!("{error:#}"));
            (
                Comparison {
                    what: "POST /produce, requests/s".to_owned(),
                    broker: broker.name,
                    ours: Vec::new(),
                    peer: name,
                    theirs: rates,
                    target,
                },
                server,
            )
        });
        for round in 0..=self.rounds {
            let rate = self.load(&ours, "Kafkloud", broker, round).await?;
            rates.push(rate);
            for (comparison, server) in &mut peers {
                if let (Ok(server), Ok(theirs)) = (server, &mut comparison.theirs) {
                    theirs.push(self.load(server, comparison.peer, broker, round).await?);
                }
            }
        }
        Ok(peers
            .map(|(comparison, _)| Comparison {
                ours: rates.clone(),
                ..comparison
            })
            .into())
    }

    /// What it costs to ask every caller for a token and to keep a line about what each has done.
    async fn asking(&self, broker: &Broker, work: &Path) -> anyhow::Result<Comparison> {
        let kafka = &broker.address;
        let asks = Server::kafkloud(&self.producer, kafka, work, Some(TOKEN)).await?;
        let open = Server::kafkloud(&self.producer, kafka, work, None).await?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            ours.push(self.load(&asks, "with a token", broker, round).await?);
            theirs.push(self.load(&open, "without", broker, round).await?);
        }
        Ok(Comparison {
            what: "POST /produce with a token and audit, requests/s".to_owned(),
            broker: broker.name,
            ours,
            peer: "the same without",
            theirs: Ok(theirs),
            target: 0.8,
        })
    }

    async fn load(
        &self,
        server: &Server,
        name: &str,
        broker: &Broker,
        round: usize,
    ) -> anyhow::Result<f64> {
        let load = Load {
            address: server.address.clone(),
            path: "/produce/bench-produce".to_owned(),
            token: server.token.clone(),
            body: format!(
                r#"{{"event":"order.created","note":"{}"}}"#,
                "x".repeat(265)
            ),
            connections: self.connections,
            duration: Duration::from_secs(self.round_s),
        };
        let answers = load.run().await.with_context(|| name.to_owned())?;
        println!(
            "{}, {}: {name} {:.0} requests/s, p50 {:.2?}, p99 {:.2?}",
            broker.name,
            table::round(round),
            answers.per_second,
            answers.p50,
            answers.p99
        );
        Ok(answers.per_second)
    }

    async fn ndjson(&self, broker: &Broker, work: &Path) -> anyhow::Result<Comparison> {
        let server = Server::kafkloud(&self.producer, &broker.address, work, None).await?;
        let topic = "bench-ndjson";
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            let http = ndjson::through_http(&server.address, topic, self.lines).await?;
            let raw =
                ndjson::through_librdkafka(broker.address.clone(), topic.to_owned(), self.lines)
                    .await?;
            println!(
                "{}, {}: Kafkloud {http:.0} lines/s, librdkafka {raw:.0} records/s",
                broker.name,
                table::round(round)
            );
            ours.push(http);
            theirs.push(raw);
        }
        Ok(Comparison {
            what: "NDJSON with receipts, lines/s".to_owned(),
            broker: broker.name,
            ours,
            peer: "librdkafka alone",
            theirs: Ok(theirs),
            target: 0.5,
        })
    }
}
