use std::time::Duration;

use bus::{KafkaConfig, PublisherConfig};
use contract::port;
use service::{AccessArgs, ListenArgs, TlsArgs, TrustArgs};

/// HTTP → Kafka: takes messages over HTTP, writes them to Kafka, answers with a receipt for each.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "producer", version)]
pub struct ProducerConfig {
    #[command(flatten)]
    pub listen: ListenArgs<{ port::PRODUCER }>,
    #[command(flatten)]
    pub access: AccessArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub kafka: KafkaConfig,
    #[command(flatten)]
    pub publisher: PublisherConfig,
    #[command(flatten)]
    pub gateway: GatewayConfig,
}

/// What the HTTP side takes and says.
#[derive(Clone, Debug, clap::Args)]
pub struct GatewayConfig {
    /// Where the consumer answers; asked for requests with `Prefer: wait=…`
    #[arg(
        long,
        env = "CONSUMER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8072"
    )]
    pub consumer_url: String,
    /// Base of the status URL in receipts, as callers reach it [default: CONSUMER_URL followed by /status]
    #[arg(long, env = "PUBLIC_STATUS_URL", value_name = "URL")]
    pub public_status_url: Option<String>,
    /// Largest message: the body, or a line of an NDJSON body. Kafka's limit for a record leaves room for key and headers
    #[arg(
        long,
        env = "PRODUCER_BODY_LIMIT",
        value_name = "BYTES",
        default_value_t = 1_000_000
    )]
    pub body_limit: usize,
    /// Idempotency keys that are remembered, the most recent ones
    #[arg(
        long,
        env = "PRODUCER_IDEMPOTENCY_KEYS",
        value_name = "COUNT",
        default_value_t = 10_000
    )]
    pub idempotency_keys: usize,
    /// How long an NDJSON upload may pause before it is ended
    #[arg(long, env = "PRODUCER_UPLOAD_PAUSE", value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    pub upload_pause: Duration,
}

impl GatewayConfig {
    /// The base of status URLs, without a slash at its end.
    pub(crate) fn status_url(&self) -> String {
        match &self.public_status_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => self.consumer_status_url(),
        }
    }

    /// The same as this process reaches it.
    pub(crate) fn consumer_status_url(&self) -> String {
        format!("{}/status", self.consumer_url.trim_end_matches('/'))
    }
}
