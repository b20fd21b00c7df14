use std::sync::Arc;

use bus::Publisher;
use metrics::Counter;
use service::CancellationToken;

use crate::{GatewayConfig, idempotency::RecentKeys};

/// What the handlers share.
pub(crate) struct App {
    pub(crate) publisher: Publisher,
    pub(crate) config: GatewayConfig,
    /// The base of status URLs, without a slash at its end.
    pub(crate) status_url: String,
    /// The same as this process reaches it.
    pub(crate) consumer_status_url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) recent_keys: RecentKeys,
    pub(crate) counters: Counters,
    /// Uploads without end watch it.
    pub(crate) stop: CancellationToken,
}

/// Looked up once: by name they would cost more than counting.
pub(crate) struct Counters {
    pub(crate) records: Counter,
    pub(crate) bytes: Counter,
    pub(crate) errors: Counter,
}

impl App {
    pub(crate) fn new(
        publisher: Publisher,
        config: GatewayConfig,
        http: reqwest::Client,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            publisher,
            status_url: config.status_url(),
            consumer_status_url: config.consumer_status_url(),
            http,
            recent_keys: RecentKeys::new(config.idempotency_keys),
            counters: Counters::new(),
            config,
            stop,
        })
    }
}

impl Counters {
    fn new() -> Self {
        metrics::describe_counter!("producer_records_total", "Messages acknowledged by Kafka");
        metrics::describe_counter!(
            "producer_bytes_total",
            "Bytes of the values that were handed to Kafka"
        );
        metrics::describe_counter!("producer_errors_total", "Messages without acknowledgement");
        Self {
            records: metrics::counter!("producer_records_total"),
            bytes: metrics::counter!("producer_bytes_total"),
            errors: metrics::counter!("producer_errors_total"),
        }
    }
}
