use std::process::ExitCode;

use clap::Parser;
use consumer::ConsumerConfig;
use service::{shutdown, telemetry};

// Records are decoded on one thread and freed on another, which the system's allocator serialises.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    if let Some(done) = consumer::filter_worker() {
        return Ok(done);
    }
    serve()?;
    Ok(ExitCode::SUCCESS)
}

#[tokio::main]
async fn serve() -> anyhow::Result<()> {
    let config = ConsumerConfig::parse();
    telemetry::init();
    let stop = shutdown::on_signal();
    let access = config.access.load()?;
    let listener = config.listen.bind((&access).into()).await?;
    tracing::info!(address = %listener.local_addr()?, broker = config.kafka.broker, "consumer is listening");
    consumer::serve(listener, config, stop).await
}
