//! The streamer alone: a Kafka broker on this machine.

use clap::Parser;
use service::{ListenArgs, listen::Door};
use streamer::StreamerConfig;

/// A single-node Kafka broker for laptops, CI and demos
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    listen: ListenArgs<9092>,
    #[command(flatten)]
    streamer: StreamerConfig,
}

/// Its protocol is spoken without SASL here.
const REMEDY: &str = "use Apache Kafka, which can ask clients who they are (KAFKA_BROKER tells the services where it is)";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    service::telemetry::init();
    let stop = service::shutdown::on_signal();
    let listener = args.listen.bind(Door::Open(REMEDY)).await?;
    streamer::serve(listener, args.streamer, stop).await
}
