//! A real Apache Kafka that lets in only who proves who it is.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// The folder that Apache Kafka lies in: set by `make test-external`, and with it the tests use what stands around the services
/// in production instead of what is embedded.
const FOLDER: &str = "EXTERNAL_KAFKA_DIR";
/// Whom it lets in.
pub const USER: &str = "kafkloud";
pub const PASSWORD: &str = "a-password-of-tests";

/// One broker with SASL and TLS. Ended when it is dropped.
pub struct ApacheKafka {
    folder: PathBuf,
    port: u16,
}

impl ApacheKafka {
    /// `None` where tests use the embedded parts. `port` and the two after it have to be free. Blocks for some seconds.
    pub fn start(port: u16) -> anyhow::Result<Option<Self>> {
        let Some(folder) = env::var_os(FOLDER) else {
            return Ok(None);
        };
        let kafka = Self {
            folder: folder.into(),
            port,
        };
        let mut start = kafka.script();
        start.args(["start".as_ref(), kafka.folder.as_os_str()]);
        start.arg(port.to_string());
        start
            .env("KAFKA_SASL_PASSWORD", PASSWORD)
            .env("KAFKA_HEAP_MB", "256");
        run(&mut start)?;
        Ok(Some(kafka))
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

    fn script(&self) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Command::new(root.join("../bench/peers/apache-kafka/kafka.sh"))
    }
}

impl Drop for ApacheKafka {
    fn drop(&mut self) {
        let mut stop = self.script();
        stop.args(["stop".as_ref(), self.folder.as_os_str()]);
        stop.arg(self.port.to_string());
        // Nobody to tell; whoever runs the tests ends what is left.
        let _ = run(&mut stop);
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
