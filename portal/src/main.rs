use clap::Parser;
use portal::PortalConfig;
use service::ListenArgs;

/// The web page of Kafkloud: send messages, watch each become done
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    listen: ListenArgs<{ contract::port::PORTAL }>,
    #[command(flatten)]
    config: PortalConfig,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    service::telemetry::init();
    let listener = arguments.listen.bind().await?;
    let stop = service::shutdown::on_signal();
    portal::serve(listener, arguments.config, stop).await
}
