use clap::Parser;
use producer::ProducerConfig;
use service::{shutdown, telemetry};

// Messages are allocated on one thread and freed on another, which the system's allocator serialises.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = ProducerConfig::parse();
    telemetry::init();
    let stop = shutdown::on_signal();
    let access = config.access.load()?;
    let listener = config.listen.bind((&access).into()).await?;
    tracing::info!(address = %listener.local_addr()?, broker = config.kafka.broker, "producer is listening");
    producer::serve(listener, config, stop).await
}
