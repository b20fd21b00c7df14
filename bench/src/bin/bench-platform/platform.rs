use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bench::process::Running;
use contract::port;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// `kafkloud up` with a temporary data folder, until dropped.
pub(crate) struct Platform {
    pub(crate) portal_url: String,
    pub(crate) ready_after: Duration,
    process: Running,
    _folder: tempfile::TempDir,
}

impl Platform {
    pub(crate) async fn start(binary: &Path) -> anyhow::Result<Self> {
        ensure!(
            binary.exists(),
            "{} is missing; build it with: make build PROFILE=release",
            binary.display()
        );
        let folder = tempfile::tempdir()?;
        let offset = free_offset()?;
        let started = Instant::now();
        let process = Command::new(binary)
            .args(["up", "--port-offset", &offset.to_string(), "--data-dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start kafkloud")?;
        let url = |port: u16| format!("http://127.0.0.1:{}", port + offset);
        let mut platform = Self {
            portal_url: url(port::PORTAL),
            ready_after: Duration::ZERO,
            process: Running(process),
            _folder: folder,
        };
        for part in [port::PORTAL, port::PRODUCER, port::CONSUMER] {
            let readyz = url(part) + "/readyz";
            tokio::time::timeout(START_TIMEOUT, ready(&readyz))
                .await
                .with_context(|| format!("{readyz} does not become ready"))?;
        }
        platform.ready_after = started.elapsed();
        Ok(platform)
    }

    pub(crate) fn memory_mb(&self) -> anyhow::Result<f64> {
        self.process.memory_mb()
    }
}

async fn ready(url: &str) {
    while !reqwest::get(url)
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An offset at which all ports are free.
fn free_offset() -> anyhow::Result<u16> {
    let ports = [port::PORTAL, port::PRODUCER, port::CONSUMER, port::STREAMER];
    (20_000..40_000)
        .step_by(100)
        .find(|offset| {
            ports
                .iter()
                .all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok())
        })
        .context("no free ports")
}
