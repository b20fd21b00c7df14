//! How fast the consumer takes a backlog: from its start on a filled topic until `/status` counts every message, on the
//! streamer and on Apache Kafka.
#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

mod backlog;
mod consumer;

use std::path::{Path, PathBuf};

use anyhow::Context;
use bench::broker::Broker;
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};

use consumer::Fold;

/// Records per second that the issue asks for.
const WANTED_PER_S: f64 = 50_000.0;

/// Measures how many records a second the consumer folds into its status store
#[derive(Parser)]
#[command(name = "bench-fold")]
struct Args {
    /// Rounds on each broker; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Records of the backlog
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,

    #[arg(long, default_value_t = 200)]
    value_bytes: usize,

    #[arg(long, default_value_t = 4)]
    partitions: i32,

    /// The consumer's release binary
    #[arg(long, env = "CONSUMER_BIN", default_value = "target/release/consumer")]
    consumer: PathBuf,

    /// The streamer's release binary
    #[arg(long, env = "STREAMER_BIN", default_value = "target/release/streamer")]
    streamer: PathBuf,

    /// The script that starts Apache Kafka
    #[arg(long, default_value = "bench/peers/apache-kafka/kafka.sh")]
    kafka_script: PathBuf,

    /// Folder that keeps Apache Kafka's jars
    #[arg(long, env = "KAFKA_DIR", default_value = "target/apache-kafka")]
    kafka_dir: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let work = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "consumer folds",
        "records/s",
        "wanted",
        "ratio",
        "memory",
        "store",
        "",
    ]);
    for broker in start_brokers(&args, work.path()).await? {
        let fold = measure(&args, &broker, work.path()).await?;
        let ratio = fold.records_per_s / WANTED_PER_S;
        table.add_row([
            format!("{} records from {}", args.records, broker.name),
            format!("{:.0}", fold.records_per_s),
            format!("≥ {WANTED_PER_S:.0}"),
            format!("{ratio:.2}"),
            format!("{:.0} MB", fold.memory_mb),
            format!("{:.0} MB", fold.store_mb),
            if ratio >= 1.0 { "reached" } else { "missed" }.to_owned(),
        ]);
    }
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
    Ok(())
}

async fn start_brokers(args: &Args, work: &Path) -> anyhow::Result<Vec<Broker>> {
    let mut brokers = vec![Broker::start_streamer(&args.streamer, work).await?];
    match Broker::start_kafka(&args.kafka_script, &args.kafka_dir, work) {
        Ok(kafka) => brokers.push(kafka),
        Err(error) => println!("Apache Kafka is absent: {error:#}"),
    }
    Ok(brokers)
}

/// The median round on one broker.
async fn measure(args: &Args, broker: &Broker, work: &Path) -> anyhow::Result<Fold> {
    backlog::fill(
        &broker.address,
        args.partitions,
        args.records,
        args.value_bytes,
    )
    .await?;
    let mut folds = Vec::new();
    for round in 0..args.rounds.max(1) {
        let fold =
            consumer::fold(&args.consumer, &broker.address, work, round, args.records).await?;
        println!(
            "{}, round {}: {:.0} records/s",
            broker.name,
            round + 1,
            fold.records_per_s
        );
        folds.push(fold);
    }
    folds.sort_by(|a, b| a.records_per_s.total_cmp(&b.records_per_s));
    Ok(folds.swap_remove(folds.len() / 2))
}
