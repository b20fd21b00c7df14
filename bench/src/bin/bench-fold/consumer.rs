use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bench::process::Running;
use contract::status::StatusSummary;

const TIMEOUT: Duration = Duration::from_secs(300);

/// What one round measured.
pub(crate) struct Fold {
    /// From the start of the process, with all it needs to get going.
    pub(crate) records_per_s: f64,
    pub(crate) memory_mb: f64,
    pub(crate) store_mb: f64,
}

/// A consumer with an empty store and a new group, until it has counted all.
pub(crate) async fn fold(
    binary: &Path,
    broker: &str,
    work: &Path,
    round: usize,
    records: u64,
) -> anyhow::Result<Fold> {
    ensure!(
        binary.exists(),
        "{} is missing; build it with: cargo build --release -p consumer",
        binary.display()
    );
    let name = format!("fold-{}-{round}", broker.replace(':', "-"));
    let data = work.join(&name);
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let started = Instant::now();
    let process = Command::new(binary)
        .args(["--port", &port.to_string(), "--kafka-broker", broker])
        .args([
            "--group",
            &name,
            "--topics",
            super::backlog::TOPIC,
            "--data-dir",
        ])
        .arg(&data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start the consumer")?;
    let process = Running(process);
    let url = format!("http://127.0.0.1:{port}/status");
    tokio::time::timeout(TIMEOUT, counted(&url, records))
        .await
        .with_context(|| format!("{url} does not count {records} messages in time"))?;
    let took = started.elapsed();
    let fold = Fold {
        records_per_s: records as f64 / took.as_secs_f64(),
        memory_mb: process.memory_mb()?,
        store_mb: std::fs::metadata(data.join("status.sqlite"))?.len() as f64 / 1e6,
    };
    drop(process);
    std::fs::remove_dir_all(&data)?;
    Ok(fold)
}

async fn counted(url: &str, records: u64) {
    let http = reqwest::Client::new();
    loop {
        let summary = async { http.get(url).send().await?.json::<StatusSummary>().await };
        if summary
            .await
            .is_ok_and(|summary| summary.n_consumed >= records)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
