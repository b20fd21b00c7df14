use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::up::{Part, UpConfig};

/// Where each part listens.
#[derive(Clone, Debug)]
pub struct Addresses {
    pub portal: SocketAddr,
    pub producer: SocketAddr,
    pub consumer: SocketAddr,
    /// Where nobody listens when the seer was left out.
    pub seer: SocketAddr,
    pub has_seer: bool,
    /// Bootstrap servers: the streamer's address, or the Kafka that was given instead.
    pub kafka_broker: String,
}

/// Everything is bound before anything starts, so that a taken port leaves nothing half started.
pub(super) struct Listeners {
    pub(super) portal: TcpListener,
    pub(super) producer: TcpListener,
    pub(super) consumer: TcpListener,
    pub(super) seer: Option<TcpListener>,
    pub(super) streamer: Option<TcpListener>,
}

impl Addresses {
    pub fn portal_url(&self) -> String {
        url(self.portal)
    }

    pub fn producer_url(&self) -> String {
        url(self.producer)
    }

    pub fn consumer_url(&self) -> String {
        url(self.consumer)
    }

    pub fn seer_url(&self) -> String {
        url(self.seer)
    }
}

impl Listeners {
    pub(super) async fn bind(config: &UpConfig) -> anyhow::Result<Self> {
        let ports = config.ports;
        Ok(Self {
            portal: bind(config, Part::Portal, ports.portal).await?,
            producer: bind(config, Part::Producer, ports.producer).await?,
            consumer: bind(config, Part::Consumer, ports.consumer).await?,
            seer: match config.seer {
                Some(_) => Some(bind(config, Part::Seer, ports.seer).await?),
                None => None,
            },
            streamer: match config.kafka_broker {
                None => Some(bind(config, Part::Streamer, ports.streamer).await?),
                Some(_) => None,
            },
        })
    }

    pub(super) fn addresses(&self, config: &UpConfig) -> anyhow::Result<Addresses> {
        Ok(Addresses {
            portal: self.portal.local_addr()?,
            producer: self.producer.local_addr()?,
            consumer: self.consumer.local_addr()?,
            seer: match &self.seer {
                Some(listener) => listener.local_addr()?,
                None => SocketAddr::new(config.host, config.ports.seer),
            },
            has_seer: self.seer.is_some(),
            kafka_broker: match (&config.kafka_broker, &self.streamer) {
                (Some(servers), _) => servers.clone(),
                (None, Some(listener)) => reachable(listener.local_addr()?).to_string(),
                (None, None) => anyhow::bail!("there is neither a streamer nor a Kafka"),
            },
        })
    }
}

async fn bind(config: &UpConfig, part: Part, port: u16) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(config.host, port);
    let bound = service::listen::bind(address, config.insecure).await;
    bound.map_err(|error| {
        let kind = error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        if kind == Some(std::io::ErrorKind::AddrInUse) {
            anyhow::anyhow!(
                "port {port}, for the {part}, is taken: stop what uses it, or run beside it with --port-offset 10000 \
                 (and another --data-dir)"
            )
        } else {
            error
        }
    })
    .with_context(|| format!("cannot start the {part}"))
}

fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

/// Where this machine reaches a listener on `address`: an unspecified address is for listening only.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
