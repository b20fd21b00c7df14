//! What all connections share.

use std::net::SocketAddr;

use anyhow::Context;
use kafka_protocol::messages::BrokerId;

use crate::StreamerConfig;
use crate::group::Coordinator;

/// There is one node; its id is the one a single Apache Kafka node has by convention.
pub const NODE_ID: BrokerId = BrokerId(1);

/// The broker: topics and their logs, groups, and what clients are told about the node.
pub struct Broker {
    pub(crate) config: StreamerConfig,
    pub(crate) advertised_host: String,
    pub(crate) advertised_port: u16,
    pub(crate) groups: Coordinator,
}

impl Broker {
    /// Opens what the data folder holds and recovers it. Blocks on file IO.
    pub(crate) fn open(config: StreamerConfig, bound: SocketAddr) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot create {}", config.data_dir.display()))?;
        let advertised_host = config
            .advertised_host
            .clone()
            .unwrap_or_else(|| advertisable(bound));
        let groups = Coordinator::open(&config.data_dir.join("groups"), config.group.clone())?;
        Ok(Broker {
            groups,
            advertised_host,
            advertised_port: config.advertised_port.unwrap_or(bound.port()),
            config,
        })
    }
}

/// An address that a client can connect to: a wildcard is none, so it becomes the loopback.
fn advertisable(bound: SocketAddr) -> String {
    if bound.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else {
        bound.ip().to_string()
    }
}
