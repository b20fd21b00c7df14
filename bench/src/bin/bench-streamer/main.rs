//! The streamer beside Apache Kafka: the same client, the same load, in alternating rounds of one run.
//!
//! Both brokers are started here, with their data in a temporary folder. What is compared is the
//! median over the rounds; a first round warms both up (Java compiles as it goes) and is not counted.
#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

mod load;
mod report;

use std::path::PathBuf;

use anyhow::Context;
use bench::broker::Broker;
use clap::Parser;

use load::Load;
use report::Report;

/// Measures records in and out, and the time to the ack and to the consumer, on the streamer and on Apache Kafka
#[derive(Parser)]
#[command(name = "bench-streamer")]
struct Args {
    /// Rounds that count
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    #[command(flatten)]
    load: Load,

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
    let work = std::env::temp_dir().join(format!("kafkloud-bench-{}", std::process::id()));
    std::fs::create_dir_all(&work).context("cannot make a temporary folder")?;
    let outcome = measure(&args, &work).await;
    std::fs::remove_dir_all(&work).context("cannot remove the temporary folder")?;
    println!("{}", outcome?.table());
    Ok(())
}

async fn measure(args: &Args, work: &std::path::Path) -> anyhow::Result<Report> {
    let mut brokers = vec![Broker::start_streamer(&args.streamer, work).await?];
    match Broker::start_kafka(&args.kafka_script, &args.kafka_dir, work) {
        Ok(kafka) => brokers.push(kafka),
        Err(error) => {
            println!("Apache Kafka is absent, so there is nothing to compare with: {error:#}")
        }
    }
    let mut report = Report::new();
    for round in 0..=args.rounds {
        // Each goes first in every other round.
        brokers.rotate_left(1);
        for broker in &brokers {
            let mut figures = args.load.run(broker, round).await?;
            figures.memory_mb = broker.memory_mb()?;
            println!(
                "{}: {} {figures}",
                if round == 0 {
                    "warm-up".to_owned()
                } else {
                    format!("round {round}")
                },
                broker.name
            );
            if round > 0 {
                report.add(broker.name, figures);
            }
        }
    }
    Ok(report)
}
