//! The whole platform in one process, started for one measurement.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use contract::port;
use tempfile::TempDir;

use crate::process::Running;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// `kafkloud up` with a temporary data folder, until dropped.
pub struct Platform {
    pub portal_url: String,
    pub producer_url: String,
    pub seer_url: String,
    /// Kafka's address.
    pub broker: String,
    pub ready_after: Duration,
    process: Running,
    _folder: TempDir,
}

impl Platform {
    /// Ready means that messages make their round trip; with the seer, its model is loaded too when this returns.
    pub async fn start(binary: &Path, with_seer: bool) -> anyhow::Result<Self> {
        Self::start_in(tempfile::tempdir()?, binary, with_seer).await
    }

    /// With what is in the folder already.
    pub async fn start_in(folder: TempDir, binary: &Path, with_seer: bool) -> anyhow::Result<Self> {
        ensure!(
            binary.exists(),
            "{} is missing; build it with: make build PROFILE=release",
            binary.display()
        );
        let offset = free_ports::offset(&[
            port::PORTAL,
            port::PRODUCER,
            port::CONSUMER,
            port::SEER,
            port::STREAMER,
        ]);
        let started = Instant::now();
        let process = Command::new(binary)
            .args(["up", "--port-offset", &offset.to_string(), "--data-dir"])
            .arg(folder.path())
            .args((!with_seer).then_some("--no-seer"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start kafkloud")?;
        let url = |port: u16| format!("http://127.0.0.1:{}", port + offset);
        let mut platform = Self {
            portal_url: url(port::PORTAL),
            producer_url: url(port::PRODUCER),
            seer_url: url(port::SEER),
            broker: format!("127.0.0.1:{}", port::STREAMER + offset),
            ready_after: Duration::ZERO,
            process: Running(process),
            _folder: folder,
        };
        for part in [port::PORTAL, port::PRODUCER, port::CONSUMER] {
            ready(url(part) + "/readyz").await?;
        }
        platform.ready_after = started.elapsed();
        if with_seer {
            ready(url(port::SEER) + "/readyz").await?;
        }
        Ok(platform)
    }

    pub fn memory_mb(&self) -> anyhow::Result<f64> {
        self.process.memory_mb()
    }
}

async fn ready(url: String) -> anyhow::Result<()> {
    let answers = async {
        while !reqwest::get(&url)
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(START_TIMEOUT, answers)
        .await
        .with_context(|| format!("{url} does not become ready"))
}
