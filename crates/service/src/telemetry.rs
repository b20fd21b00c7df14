//! Logs and metrics of a process.

use std::{env, io::IsTerminal, sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Upper bounds of duration histograms, in seconds.
const DURATION_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// How often samples are folded into the metrics.
const FOLD_INTERVAL: Duration = Duration::from_secs(5);

/// Sends log lines to standard error: `RUST_LOG` chooses which (default `info`), `LOG_FORMAT=json` makes them JSON.
/// A second call in the same process changes nothing.
pub fn init() {
    init_at("info");
}

/// The same with another level where `RUST_LOG` says nothing; what was changed on somebody's behalf is told at any level.
pub fn init_at(default_level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(format!(
            "{default_level},audit=info,rdkafka=warn,librdkafka=error"
        ))
    });
    let registry = tracing_subscriber::registry().with(filter);
    let format = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // The only error is that a subscriber is there already, as in tests that share a process.
    let _ = if env::var("LOG_FORMAT").is_ok_and(|format| format == "json") {
        registry.with(format.json()).try_init()
    } else {
        registry
            .with(format.with_ansi(std::io::stderr().is_terminal()))
            .try_init()
    };
    metrics();
}

/// The process's metrics, recorded through the macros of the `metrics` crate and rendered by `/metrics`.
///
/// There is one recorder a process, so `kafkloud up` shows the metrics of all services on each of them; their names
/// begin with the service's.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATION_BUCKETS)
            .unwrap_or_default()
            .build_recorder();
        let handle = recorder.handle();
        // Fails only where an embedding program installed its own recorder; then that one counts.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

/// Folds what was measured into the metrics until `stop`. Without it every sample stays in memory until someone asks
/// for `/metrics`, which may be never.
pub(crate) async fn fold_metrics(stop: CancellationToken) {
    let mut interval = tokio::time::interval(FOLD_INTERVAL);
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        metrics().run_upkeep();
    }
}
