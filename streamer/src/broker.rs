//! What all connections share.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StreamerConfig;
use crate::group::Coordinator;
use crate::log::files;
use crate::meters::Meters;
use crate::producer_ids::ProducerIds;
use crate::topics::Topics;

/// There is one node; its id is the one a single Apache Kafka node has by convention.
pub const NODE_ID: BrokerId = BrokerId(1);

/// The broker: topics and their logs, groups, and what clients are told about the node.
pub struct Broker {
    pub(crate) config: StreamerConfig,
    pub(crate) cluster_id: StrBytes,
    pub(crate) advertised_host: String,
    pub(crate) advertised_port: u16,
    pub(crate) topics: Topics,
    pub(crate) producer_ids: ProducerIds,
    pub(crate) groups: Coordinator,
    pub(crate) meters: Meters,
    /// Locked as long as the broker lives: two brokers on one log would destroy it.
    _lock: File,
}

/// The content of `cluster.json`.
#[derive(Serialize, Deserialize)]
struct ClusterFile {
    cluster_id: String,
}

impl Broker {
    /// Opens what the data folder holds and recovers it. Blocks on file IO.
    pub(crate) fn open(config: StreamerConfig, bound: SocketAddr) -> anyhow::Result<Self> {
        let data_dir = &config.data_dir;
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("cannot create {}", data_dir.display()))?;
        let lock = lock(data_dir)?;
        raise_open_files_limit();
        let advertised_host = config
            .advertised_host
            .clone()
            .unwrap_or_else(|| advertisable(bound));
        let topics = Topics::open(&config)?;
        let groups = Coordinator::open(&data_dir.join("groups"), config.group.clone())?;
        groups.keep_topics(|name| topics.get(name).is_some());
        Ok(Broker {
            cluster_id: cluster_id(data_dir)?,
            advertised_host,
            advertised_port: config.advertised_port.unwrap_or(bound.port()),
            topics,
            producer_ids: ProducerIds::open(data_dir).context("cannot read the producer ids")?,
            groups,
            meters: Meters::new(),
            config,
            _lock: lock,
        })
    }
}

fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let path = data_dir.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.try_lock()
        .with_context(|| format!("another streamer uses {}", data_dir.display()))?;
    Ok(file)
}

/// Each partition and each connection is an open file, and the usual limit of 1024 is soon reached;
/// what the system allows at most is there for the asking.
fn raise_open_files_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
}

/// Clients tell clusters apart by this id, so a data folder keeps it.
fn cluster_id(data_dir: &Path) -> anyhow::Result<StrBytes> {
    let path = data_dir.join("cluster.json");
    let known: Option<ClusterFile> =
        files::read_json(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let cluster = match known {
        Some(cluster) => cluster,
        None => {
            let cluster = ClusterFile {
                cluster_id: Uuid::now_v7().simple().to_string(),
            };
            files::replace_json(&path, &cluster)?;
            cluster
        }
    };
    Ok(StrBytes::from_string(cluster.cluster_id))
}

/// An address that a client can connect to: a wildcard is none, so it becomes the loopback.
fn advertisable(bound: SocketAddr) -> String {
    if bound.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else {
        bound.ip().to_string()
    }
}
