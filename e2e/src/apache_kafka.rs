//! A real Apache Kafka: one broker that lets in only who proves who it is, or several that keep copies for each other.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use anyhow::{Context, anyhow, ensure};

/// The folder that Apache Kafka lies in: set by `make test-external`, and with it the tests use what stands around the services
/// in production instead of what is embedded.
const FOLDER: &str = "EXTERNAL_KAFKA_DIR";
/// Whom it lets in.
pub const USER: &str = "kafkloud";
pub const PASSWORD: &str = "a-password-of-tests";

static PREPARED: OnceLock<Result<(), String>> = OnceLock::new();

/// One broker. Ended when it is dropped.
pub struct ApacheKafka {
    folder: PathBuf,
    port: u16,
}

impl ApacheKafka {
    /// With SASL and TLS. `None` where tests use the embedded parts. `port` and the two after it have to be free. Blocks for some seconds.
    pub fn start(port: u16) -> anyhow::Result<Option<Self>> {
        Self::start_with(port, &[("KAFKA_SASL_PASSWORD", PASSWORD)])
    }

    /// The first broker of a cluster that wants so many copies of each topic and lets everybody in. `port` and the one after it
    /// have to be free.
    pub fn start_cluster(port: u16, copies: u16) -> anyhow::Result<Option<Self>> {
        Self::start_with(port, &[("KAFKA_COPIES", &copies.to_string())])
    }

    /// Another broker of the cluster that this one is the first of.
    pub fn add_broker(&self, port: u16) -> anyhow::Result<Self> {
        let broker = Self::start_with(port, &[("KAFKA_JOIN", &self.port.to_string())])?;
        broker.context("there is a Kafka")
    }

    fn start_with(port: u16, variables: &[(&str, &str)]) -> anyhow::Result<Option<Self>> {
        let Some(folder) = env::var_os(FOLDER) else {
            return Ok(None);
        };
        let kafka = Self {
            folder: folder.into(),
            port,
        };
        // Once for all: most of a start is what every start has in common.
        let prepared = PREPARED.get_or_init(|| {
            let mut prepare = kafka.command("prepare");
            run(prepare.env("KAFKA_SASL_PASSWORD", PASSWORD)).map_err(|error| format!("{error:#}"))
        });
        prepared.as_ref().map_err(|error| anyhow!("{error}"))?;
        run(kafka.command("start").envs(variables.iter().copied()))?;
        Ok(Some(kafka))
    }

    /// One that kafka.sh knows.
    fn command(&self, name: &str) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(script.join("../bench/peers/apache-kafka/kafka.sh"));
        command.args([name.as_ref(), self.folder.as_os_str()]);
        command
            .arg(self.port.to_string())
            .env("KAFKA_HEAP_MB", "256");
        command
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that its own is from.
    pub fn ca_file(&self) -> PathBuf {
        self.home().join("ca.pem")
    }

    fn home(&self) -> PathBuf {
        self.folder.join(format!("broker-{}", self.port))
    }
}

impl Drop for ApacheKafka {
    fn drop(&mut self) {
        // Nobody to tell; whoever runs the tests ends what is left.
        let _ = run(&mut self.command("stop"));
        let _ = std::fs::remove_dir_all(self.home());
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().context("cannot run kafka.sh")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
