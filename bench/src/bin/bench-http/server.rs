//! The HTTP servers that are measured, each before the same broker.

use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that runs for this benchmark and ends with it.
pub(crate) struct Server {
    /// `host:port`
    pub(crate) address: String,
    pub(crate) token: Option<String>,
    process: Child,
}

impl Server {
    /// The producer; with a token it asks every caller for it, and tells in its log what each has done.
    pub(crate) async fn kafkloud(
        binary: &Path,
        broker: &str,
        work: &Path,
        token: Option<&str>,
    ) -> anyhow::Result<Self> {
        ensure!(
            binary.exists(),
            "{} is missing; build it with: cargo build --release -p producer",
            binary.display()
        );
        let mut producer = Command::new(binary);
        producer.arg("--kafka-broker").arg(broker);
        producer.envs(token.map(|token| ("API_TOKEN", token)));
        let mut server = Self::start(&mut producer, broker, "/readyz", work).await?;
        server.token = token.map(str::to_owned);
        Ok(server)
    }

    pub(crate) async fn express(peers: &Path, broker: &str, work: &Path) -> anyhow::Result<Self> {
        let folder = peers.join("express-kafkajs");
        if !folder.join("node_modules").exists() {
            run(Command::new("npm")
                .args(["ci", "--silent"])
                .current_dir(&folder))
            .context("on Debian or Ubuntu: apt-get install npm")?;
        }
        let mut node = Command::new("node");
        node.arg("server.js")
            .current_dir(&folder)
            .env("NODE_ENV", "production");
        Self::start(&mut node, broker, "/ready", work).await
    }

    pub(crate) async fn fastapi(peers: &Path, broker: &str, work: &Path) -> anyhow::Result<Self> {
        let folder = peers.join("fastapi-aiokafka");
        let environment = folder.join(".venv");
        if !environment.join("bin/uvicorn").exists() {
            run(Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment))
            .context("on Debian or Ubuntu: apt-get install python3-venv")?;
            run(Command::new(environment.join("bin/pip"))
                .args(["install", "--quiet", "-r", "requirements.txt"])
                .current_dir(&folder))?;
        }
        let port = free_port()?;
        let mut uvicorn = Command::new(environment.canonicalize()?.join("bin/uvicorn"));
        uvicorn
            .args(["server:app", "--host", "127.0.0.1", "--port"])
            .arg(port.to_string())
            .args(["--loop", "uvloop", "--http", "httptools", "--no-access-log"])
            .current_dir(&folder);
        Self::start_at(&mut uvicorn, port, broker, "/ready", work).await
    }

    async fn start(
        command: &mut Command,
        broker: &str,
        ready: &str,
        work: &Path,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        Self::start_at(command, port, broker, ready, work).await
    }

    /// Starts `command`, which is told its port and broker by the environment, and waits until it answers at `ready`.
    async fn start_at(
        command: &mut Command,
        port: u16,
        broker: &str,
        ready: &str,
        work: &Path,
    ) -> anyhow::Result<Self> {
        let log = work.join(format!("server-{port}.log"));
        let output = File::create(&log)?;
        let process = command
            .env("SERVER_HOST", "127.0.0.1")
            .env("SERVER_PORT", port.to_string())
            .env("KAFKA_BROKER", broker)
            .env("RUST_LOG", "warn,audit=info")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut server = Self {
            address: format!("127.0.0.1:{port}"),
            token: None,
            process,
        };
        let url = format!("http://{}{ready}", server.address);
        let deadline = Instant::now() + START_TIMEOUT;
        while !reqwest::get(&url)
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            let ended = server.process.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("it does not answer: {}", log.trim());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing more can be done about a server that does not end than to leave it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} is missing"))?;
    if !output.status.success() {
        bail!(
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
