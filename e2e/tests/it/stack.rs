use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use bus::{KafkaConfig, KafkaSecurity};
use cli::up::{self, Platform, Ports, UpConfig};
use contract::{Receipt, status::MessageLife};
use e2e::wait;
use reqwest::{Client, RequestBuilder};
use service::{CancellationToken, Secret};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::surroundings::Surroundings;

/// The platform with a temporary data folder.
pub(crate) struct Stack {
    pub(crate) platform: Platform,
    pub(crate) client: Client,
    folder: TempDir,
    ports: Ports,
    surroundings: Option<Surroundings>,
}

/// A seer beside a platform that has none.
pub(crate) struct Seer {
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Stack {
    /// Without the seer, which would compute beside tests that have nothing to do with it.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let surroundings = Surroundings::start().await?;
        Self::start_in(tempfile::tempdir()?, ports(), false, surroundings).await
    }

    pub(crate) async fn start_with_seer() -> anyhow::Result<Self> {
        let surroundings = Surroundings::start().await?;
        Self::start_in(tempfile::tempdir()?, ports(), true, surroundings).await
    }

    async fn start_in(
        folder: TempDir,
        ports: Ports,
        with_seer: bool,
        surroundings: Option<Surroundings>,
    ) -> anyhow::Result<Self> {
        let config = UpConfig::new(folder.path(), ports)?;
        Self::started(config, folder, ports, with_seer, surroundings).await
    }

    /// With services that ask who calls.
    pub(crate) async fn start_guarded(
        operator: &str,
        viewer: &str,
        with_seer: bool,
    ) -> anyhow::Result<Self> {
        let surroundings = Surroundings::start().await?;
        let (folder, ports) = (tempfile::tempdir()?, ports());
        let mut config = UpConfig::new(folder.path(), ports)?;
        config.ask_for(&Secret::new(operator));
        for access in config.access() {
            access.viewer_token = Some(Secret::new(viewer));
        }
        Self::started(config, folder, ports, with_seer, surroundings).await
    }

    async fn started(
        mut config: UpConfig,
        folder: TempDir,
        ports: Ports,
        with_seer: bool,
        surroundings: Option<Surroundings>,
    ) -> anyhow::Result<Self> {
        if let Some(surroundings) = &surroundings {
            surroundings.put_around(&mut config);
        }
        config.consumer.viewers.filter_program = Some(kafkloud()?);
        if !with_seer {
            config.seer = None;
        }
        let platform = up::start(config, CancellationToken::new()).await?;
        platform.addresses().wait_ready(wait::DEADLINE).await?;
        Ok(Self {
            platform,
            client: Client::new(),
            folder,
            ports,
            surroundings,
        })
    }

    /// The same services without a broker behind them: nothing listens at its address.
    pub(crate) async fn start_without_broker() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let ports = ports();
        let mut config = UpConfig::new(folder.path(), ports)?;
        config.seer = None;
        config.kafka_broker = Some(free_ports::address().to_string());
        let platform = up::start(config, CancellationToken::new()).await?;
        Ok(Self {
            platform,
            client: Client::new(),
            folder,
            ports,
            surroundings: None,
        })
    }

    /// Ends everything in order and starts it again, on the same data and at the same addresses.
    pub(crate) async fn restart(self) -> anyhow::Result<Self> {
        let with_seer = self.platform.addresses().has_seer;
        self.platform.stop();
        self.platform.join().await?;
        Self::start_in(self.folder, self.ports, with_seer, self.surroundings).await
    }

    /// Starts a seer where the platform looks for one. It goes on where the one before it has ended.
    pub(crate) async fn start_seer(&self) -> anyhow::Result<Seer> {
        let addresses = self.platform.addresses();
        let config = UpConfig::new(self.folder.path(), self.ports)?;
        let mut config = config.seer.context("a seer is part of the platform")?;
        config.kafka = self.kafka();
        config.store.data_dir = self.folder.path().join("seer-apart");
        config.answers.consumer_url = addresses.consumer_url().parse()?;
        let listener = TcpListener::bind(addresses.seer).await?;
        let stop = CancellationToken::new();
        let served = tokio::spawn(seer::serve(listener, config, stop.clone()));
        Ok(Seer { stop, served })
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.platform.stop();
        self.platform.join().await
    }

    /// How other programs reach its Kafka.
    pub(crate) fn kafka(&self) -> KafkaConfig {
        KafkaConfig {
            broker: self.platform.addresses().kafka_broker.clone(),
            security: self.security(),
        }
    }

    fn security(&self) -> KafkaSecurity {
        let surroundings = self.surroundings.as_ref();
        surroundings.map_or_else(KafkaSecurity::default, |around| around.kafka().security)
    }

    pub(crate) fn portal(&self, path: &str) -> String {
        format!("{}{path}", self.platform.addresses().portal_url())
    }

    pub(crate) fn produce(&self, path: &str) -> RequestBuilder {
        let base = self.platform.addresses().producer_url();
        self.client.post(format!("{base}/produce/{path}"))
    }

    pub(crate) fn ask_consumer(&self, path: &str) -> RequestBuilder {
        let base = self.platform.addresses().consumer_url();
        self.client.get(format!("{base}{path}"))
    }

    /// Waits until the seer can do its work: its model takes a while to load.
    pub(crate) async fn seer_ready(&self) -> anyhow::Result<()> {
        let url = format!("{}/readyz", self.platform.addresses().seer_url());
        wait::until("the seer to be ready", async || {
            let status = self.client.get(&url).send().await?.status();
            Ok(status.is_success().then_some(()))
        })
        .await
    }

    /// The life of a message that the consumer has processed; waits for it.
    pub(crate) async fn consumed_life(&self, receipt: &Receipt) -> anyhow::Result<MessageLife> {
        let path = format!("/status/{}?wait=30", receipt.id);
        let response = self.ask_consumer(&path).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    pub(crate) async fn n_consumed(&self) -> anyhow::Result<u64> {
        let summary = self.ask_consumer("/status").send().await?;
        let summary: contract::status::StatusSummary = summary.error_for_status()?.json().await?;
        Ok(summary.n_consumed)
    }
}

impl Seer {
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.served.await?
    }
}

/// Which a platform has again after a restart.
fn ports() -> Ports {
    let port = || free_ports::address().port();
    Ports {
        portal: port(),
        producer: port(),
        consumer: port(),
        seer: port(),
        streamer: port(),
    }
}

/// The program itself, which cargo puts into the folder above that of its tests: this program cannot stand in for it.
fn kafkloud() -> anyhow::Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests
        .ancestors()
        .nth(2)
        .context("the tests lie somewhere")?;
    Ok(folder.join("kafkloud"))
}

/// The real events that `make demo` pushes through, one in each line.
pub(crate) fn example_file() -> anyhow::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/package-events.ndjson");
    // Browsers take no path with dots.
    Ok(path.canonicalize()?)
}

pub(crate) fn example_events() -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(example_file()?)?)
}

/// Long enough for a busy machine, short enough for a person who waits for a failing test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
