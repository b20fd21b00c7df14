//! The brokers that are measured, started for one run.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::net::TcpStream;

pub const STREAMER: &str = "streamer";
pub const KAFKA: &str = "Apache Kafka";

/// Linux counts processor time for programs in hundredths of a second, whatever the kernel's own clock.
const MILLISECONDS_PER_TICK: u64 = 10;
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A broker that runs for this benchmark and ends with it.
pub struct Broker {
    pub name: &'static str,
    pub address: String,
    process_id: u32,
    guard: Guard,
}

enum Guard {
    Process(Child),
    Script { script: PathBuf, home: PathBuf },
}

impl Broker {
    pub async fn start_streamer(binary: &Path, work: &Path) -> anyhow::Result<Broker> {
        ensure!(
            binary.exists(),
            "{} is missing; build it with: cargo build --release -p streamer",
            binary.display()
        );
        let port = free_port()?;
        let log = File::create(work.join("streamer.log"))?;
        let process = Command::new(binary)
            .env("SERVER_HOST", "127.0.0.1")
            .env("SERVER_PORT", port.to_string())
            .env("DATA_DIR", work.join("streamer"))
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the streamer")?;
        let broker = Broker {
            name: STREAMER,
            address: format!("127.0.0.1:{port}"),
            process_id: process.id(),
            guard: Guard::Process(process),
        };
        tokio::time::timeout(START_TIMEOUT, broker.answers())
            .await
            .context("the streamer does not answer")?;
        Ok(broker)
    }

    /// Fails with the reason if Java or Maven are not there.
    pub fn start_kafka(script: &Path, folder: &Path, work: &Path) -> anyhow::Result<Broker> {
        run(Command::new(script).arg("install").arg(folder))?;
        let home = work.join("kafka");
        std::fs::create_dir_all(&home)?;
        std::os::unix::fs::symlink(folder.join("libs").canonicalize()?, home.join("libs"))?;
        let port = free_port()?;
        run(Command::new(script)
            .arg("start")
            .arg(&home)
            .arg(port.to_string()))?;
        let process_id = std::fs::read_to_string(home.join(format!("broker-{port}/pid")))?;
        Ok(Broker {
            name: KAFKA,
            address: format!("127.0.0.1:{port}"),
            process_id: process_id
                .trim()
                .parse()
                .context("Kafka's script wrote no process id")?,
            guard: Guard::Script {
                script: script.to_owned(),
                home,
            },
        })
    }

    async fn answers(&self) {
        while TcpStream::connect(&self.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Resident memory, as the kernel counts it.
    pub fn memory_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process_id))
            .with_context(|| format!("{} has ended", self.name))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Processor time it has used so far, on all cores together.
    pub fn cpu_time(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process_id))
            .with_context(|| format!("{} has ended", self.name))?;
        // The second field is the command in parentheses; user and system time are the 14th and 15th.
        let (_, fields) = stat.rsplit_once(')').context("no command")?;
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u64>)
            .sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * MILLISECONDS_PER_TICK))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Nothing more can be done about a broker that does not end than to leave it.
        match &mut self.guard {
            Guard::Process(process) => {
                let _ = process.kill();
                let _ = process.wait();
            }
            Guard::Script { script, home } => {
                let _ = run(Command::new(script).arg("stop").arg(home));
            }
        }
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("cannot run Kafka's script")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
