use clap::Parser;
use seer::SeerConfig;
use service::{shutdown, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = SeerConfig::parse();
    telemetry::init();
    let stop = shutdown::on_signal();
    let access = config.access.load()?;
    let listener = config.listen.bind((&access).into()).await?;
    tracing::info!(address = %listener.local_addr()?, broker = config.kafka.broker, "seer is listening");
    seer::serve(listener, config, stop).await
}
