use clap::Parser;
use portal::PortalConfig;
use service::{shutdown, telemetry};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = PortalConfig::parse();
    telemetry::init();
    let stop = shutdown::on_signal();
    let access = config.entrance()?;
    let listener = config.listen.bind((&access).into()).await?;
    tracing::info!(address = %listener.local_addr()?, "portal is listening");
    portal::serve(listener, config, stop).await
}
