use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;
use service::{AccessArgs, TrustArgs, listen::Door};
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
    /// How the parts are called: `http`, or `https` when there is a certificate.
    pub scheme: &'static str,
    /// Whom calls to them have to trust.
    pub trust: TrustArgs,
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
        self.url(self.portal)
    }

    pub fn producer_url(&self) -> String {
        self.url(self.producer)
    }

    pub fn consumer_url(&self) -> String {
        self.url(self.consumer)
    }

    pub fn seer_url(&self) -> String {
        self.url(self.seer)
    }

    fn url(&self, address: SocketAddr) -> String {
        format!("{}://{}", self.scheme, reachable(address))
    }
}

impl Listeners {
    pub(super) async fn bind(config: &UpConfig) -> anyhow::Result<Self> {
        let ports = config.ports;
        let access = |access: &AccessArgs| anyhow::Ok(Door::from(&access.load()?));
        let portal = Door::from(&config.portal.entrance()?);
        let (producer, consumer) = (
            access(&config.producer.access)?,
            access(&config.consumer.access)?,
        );
        Ok(Self {
            portal: bind(config, Part::Portal, ports.portal, portal).await?,
            producer: bind(config, Part::Producer, ports.producer, producer).await?,
            consumer: bind(config, Part::Consumer, ports.consumer, consumer).await?,
            seer: match &config.seer {
                Some(seer) => {
                    let door = access(&seer.access)?;
                    Some(bind(config, Part::Seer, ports.seer, door).await?)
                }
                None => None,
            },
            streamer: match config.kafka_broker {
                None => Some(bind_streamer(config).await?),
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
            scheme: config.producer.tls.scheme(),
            trust: config.producer.trust.clone(),
            kafka_broker: match (&config.kafka_broker, &self.streamer) {
                (Some(servers), _) => servers.clone(),
                (None, Some(listener)) => reachable(listener.local_addr()?).to_string(),
                (None, None) => anyhow::bail!("there is neither a streamer nor a Kafka"),
            },
        })
    }
}

/// The streamer asks nobody who they are, so it stays with this machine unless that is said to be meant. The parts beside it reach it there.
async fn bind_streamer(config: &UpConfig) -> anyhow::Result<TcpListener> {
    let host = if config.host.is_loopback() || config.insecure {
        config.host
    } else {
        Ipv4Addr::LOCALHOST.into()
    };
    let door = Door::Open("give an Apache Kafka with --kafka-broker");
    bind_at(host, config, Part::Streamer, config.ports.streamer, door).await
}

async fn bind(config: &UpConfig, part: Part, port: u16, door: Door) -> anyhow::Result<TcpListener> {
    bind_at(config.host, config, part, port, door).await
}

async fn bind_at(
    host: IpAddr,
    config: &UpConfig,
    part: Part,
    port: u16,
    door: Door,
) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(host, port);
    let bound = service::listen::bind(address, config.insecure, door).await;
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

/// Where this machine reaches a listener on `address`: an unspecified address is for listening only.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}
