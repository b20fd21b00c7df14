use std::path::{Path, PathBuf};

use anyhow::Context;
use bus::{KafkaConfig, KafkaSecurity};
use cli::up::{self, Addresses, Platform, Ports, UpConfig};
use contract::{Receipt, status::MessageLife};
use e2e::wait;
use reqwest::{Client, RequestBuilder};
use service::{CancellationToken, Secret};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    guard::{self, OPERATOR},
    surroundings::Surroundings,
};

/// The platform with a temporary data folder.
pub(crate) struct Stack {
    pub(crate) platform: Platform,
    /// An operator, where callers are asked who they are.
    pub(crate) client: Client,
    folder: TempDir,
    ports: Ports,
    shape: Shape,
    surroundings: Option<Surroundings>,
}

/// What a platform is made of, besides what stands around it.
#[derive(Clone, Copy, Default)]
struct Shape {
    with_seer: bool,
    /// Callers are asked who they are, as they always are in real surroundings.
    asks: bool,
}

/// A seer beside a platform that has none.
pub(crate) struct Seer {
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Stack {
    /// Without the seer, which would compute beside tests that have nothing to do with it.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_as(Shape::default()).await
    }

    pub(crate) async fn start_with_seer() -> anyhow::Result<Self> {
        let shape = Shape {
            with_seer: true,
            ..Shape::default()
        };
        Self::start_as(shape).await
    }

    /// With services that ask who calls.
    pub(crate) async fn start_guarded(with_seer: bool) -> anyhow::Result<Self> {
        let shape = Shape {
            with_seer,
            asks: true,
        };
        Self::start_as(shape).await
    }

    async fn start_as(shape: Shape) -> anyhow::Result<Self> {
        let surroundings = Surroundings::start().await?;
        let shape = Shape {
            asks: shape.asks || surroundings.is_some(),
            ..shape
        };
        let (folder, ports) = (tempfile::tempdir()?, ports());
        let config = configured(&folder, ports, shape, surroundings.as_ref())?;
        Self::started(config, folder, ports, shape, surroundings).await
    }

    async fn started(
        config: UpConfig,
        folder: TempDir,
        ports: Ports,
        shape: Shape,
        surroundings: Option<Surroundings>,
    ) -> anyhow::Result<Self> {
        let stack = Self::booted(config, folder, ports, shape, surroundings).await?;
        let addresses = stack.platform.addresses();
        addresses.wait_ready(wait::DEADLINE).await?;
        Ok(stack)
    }

    async fn booted(
        config: UpConfig,
        folder: TempDir,
        ports: Ports,
        shape: Shape,
        surroundings: Option<Surroundings>,
    ) -> anyhow::Result<Self> {
        let platform = up::start(config, CancellationToken::new()).await?;
        let client = client(platform.addresses(), shape.asks.then_some(OPERATOR))?;
        Ok(Self {
            platform,
            client,
            folder,
            ports,
            shape,
            surroundings,
        })
    }

    /// The same services without a broker behind them: nothing listens at its address.
    pub(crate) async fn start_without_broker() -> anyhow::Result<Self> {
        let (folder, ports, shape) = (tempfile::tempdir()?, ports(), Shape::default());
        let mut config = configured(&folder, ports, shape, None)?;
        config.kafka_broker = Some(free_ports::address().to_string());
        Self::booted(config, folder, ports, shape, None).await
    }

    /// Ends everything in order and starts it again, on the same data and at the same addresses.
    pub(crate) async fn restart(self) -> anyhow::Result<Self> {
        self.platform.stop();
        self.platform.join().await?;
        let (folder, ports, shape) = (self.folder, self.ports, self.shape);
        let config = configured(&folder, ports, shape, self.surroundings.as_ref())?;
        Self::started(config, folder, ports, shape, self.surroundings).await
    }

    /// Starts a seer where the platform looks for one. It goes on where the one before it has ended.
    pub(crate) async fn start_seer(&self) -> anyhow::Result<Seer> {
        let addresses = self.platform.addresses();
        let shape = Shape {
            with_seer: true,
            ..self.shape
        };
        let config = configured(&self.folder, self.ports, shape, self.surroundings.as_ref())?;
        let mut config = config.seer.context("a seer is part of the platform")?;
        config.kafka = self.kafka();
        config.store.data_dir = self.folder.path().join("seer-apart");
        config.answers.consumer_url = addresses.consumer_url().parse()?;
        let listener = TcpListener::bind(addresses.seer).await?;
        let stop = CancellationToken::new();
        let served = tokio::spawn(seer::serve(listener, config, stop.clone()));
        Ok(Seer { stop, served })
    }

    /// Somebody who shows nothing.
    pub(crate) fn stranger(&self) -> anyhow::Result<Client> {
        client(self.platform.addresses(), None)
    }

    /// An address that signs an operator in, where people are asked who they are.
    pub(crate) async fn sign_in_link(&self) -> anyhow::Result<Option<String>> {
        if !self.shape.asks {
            return Ok(None);
        }
        let token = Secret::new(OPERATOR);
        let link = up::sign_in_link(self.platform.addresses(), &token).await?;
        Ok(Some(link))
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

/// What a platform in `folder` is started with.
fn configured(
    folder: &TempDir,
    ports: Ports,
    shape: Shape,
    surroundings: Option<&Surroundings>,
) -> anyhow::Result<UpConfig> {
    let mut config = UpConfig::new(folder.path(), ports)?;
    if shape.asks {
        guard::ask_for_tokens(&mut config);
    }
    if let Some(surroundings) = surroundings {
        surroundings.put_around(&mut config);
    }
    // The tests' own program cannot stand in for it.
    config.consumer.viewers.filter_program = Some(e2e::program("kafkloud")?);
    if !shape.with_seer {
        config.seer = None;
    }
    Ok(config)
}

fn client(addresses: &Addresses, token: Option<&str>) -> anyhow::Result<Client> {
    let token = token.map(Secret::new);
    let client = Client::builder().no_proxy();
    let client = addresses.trust.with_token(client, token.as_ref())?;
    Ok(client.build()?)
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

/// The real events that `make demo` pushes through, one in each line.
pub(crate) fn example_file() -> anyhow::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/package-events.ndjson");
    // Browsers take no path with dots.
    Ok(path.canonicalize()?)
}

pub(crate) fn example_events() -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(example_file()?)?)
}
