use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use anyhow::{Context, ensure};
use bus::SecurityProtocol;
use consumer::ConsumerConfig;
use contract::port;
use portal::PortalConfig;
use producer::ProducerConfig;
use seer::SeerConfig;
use service::{AccessArgs, Secret};
use streamer::StreamerConfig;

use crate::up::{Addresses, Part, data_dir::DataDir};

/// What [`crate::up::start`] starts, and where.
#[derive(Clone, Debug)]
pub struct UpConfig {
    /// Everything that is kept lies below it.
    pub data_dir: PathBuf,
    pub host: IpAddr,
    /// Listening beyond loopback is meant.
    pub insecure: bool,
    pub ports: Ports,
    /// An existing Kafka's bootstrap servers, to be used instead of the streamer.
    pub kafka_broker: Option<String>,
    /// How each part does its work. Addresses and folders in them are set by [`crate::up::start`].
    pub streamer: StreamerConfig,
    pub producer: ProducerConfig,
    pub consumer: ConsumerConfig,
    /// `None` leaves the seer out.
    pub seer: Option<SeerConfig>,
    pub portal: PortalConfig,
}

/// The port of each part; 0 takes a free one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ports {
    pub portal: u16,
    pub producer: u16,
    pub consumer: u16,
    pub seer: u16,
    pub streamer: u16,
}

impl UpConfig {
    /// On loopback, each part as its environment variables say.
    pub fn new(data_dir: impl Into<PathBuf>, ports: Ports) -> anyhow::Result<Self> {
        Ok(Self {
            data_dir: data_dir.into(),
            host: Ipv4Addr::LOCALHOST.into(),
            insecure: false,
            ports,
            kafka_broker: None,
            streamer: from_environment("streamer")?,
            producer: from_environment("producer")?,
            consumer: from_environment("consumer")?,
            seer: Some(from_environment("seer")?),
            portal: from_environment("portal")?,
        })
    }
}

impl UpConfig {
    /// Has each part ask its callers for this token.
    pub fn ask_for(&mut self, token: &Secret) {
        for access in self.access() {
            access.api_token = Some(token.clone());
            access.api_token_file = None;
        }
    }

    /// Whom each part lets in.
    pub fn access(&mut self) -> impl Iterator<Item = &mut AccessArgs> {
        let seer = self.seer.as_mut().map(|seer| &mut seer.access);
        let others = [
            &mut self.portal.access,
            &mut self.producer.access,
            &mut self.consumer.access,
        ];
        others.into_iter().chain(seer)
    }

    /// Tells each part where the others are and where it keeps its data.
    pub(super) fn connect(
        &mut self,
        addresses: &Addresses,
        data_dir: &DataDir,
    ) -> anyhow::Result<()> {
        let secured = self.producer.kafka.security.protocol != SecurityProtocol::Plaintext;
        ensure!(
            self.kafka_broker.is_some() || !secured,
            "KAFKA_SECURITY_PROTOCOL is set and KAFKA_BROKER is not: the Kafka of this process speaks plaintext"
        );
        self.streamer.data_dir = data_dir.part("streamer")?;
        self.producer
            .kafka
            .broker
            .clone_from(&addresses.kafka_broker);
        self.producer.gateway.consumer_url = addresses.consumer_url();
        self.consumer
            .kafka
            .broker
            .clone_from(&addresses.kafka_broker);
        self.consumer.store.data_dir = data_dir.part("consumer")?;
        if let Some(seer) = &mut self.seer {
            seer.kafka.broker.clone_from(&addresses.kafka_broker);
            seer.store.data_dir = data_dir.part("seer")?;
            seer.answers.consumer_url = addresses.consumer_url().parse()?;
        }
        self.portal.producer_url = addresses.producer_url().parse()?;
        self.portal.consumer_url = addresses.consumer_url().parse()?;
        self.portal.seer_url = addresses.seer_url().parse()?;
        self.portal.kafka_broker.clone_from(&addresses.kafka_broker);
        self.portal.embedded = self.parts().iter().map(Part::to_string).collect();
        Ok(())
    }

    /// What runs in this process.
    fn parts(&self) -> Vec<Part> {
        let mut parts = vec![Part::Portal, Part::Producer, Part::Consumer];
        parts.extend(self.seer.is_some().then_some(Part::Seer));
        parts.extend(self.kafka_broker.is_none().then_some(Part::Streamer));
        parts
    }
}

impl Ports {
    /// Free ports, found when they are bound.
    pub fn free() -> Self {
        Self::default()
    }

    /// The ports of the table in ARCHITECTURE.md, all moved by `offset`; `None` when that leaves the range of ports.
    pub fn with_offset(offset: u16) -> Option<Self> {
        Some(Self {
            portal: port::PORTAL.checked_add(offset)?,
            producer: port::PRODUCER.checked_add(offset)?,
            consumer: port::CONSUMER.checked_add(offset)?,
            seer: port::SEER.checked_add(offset)?,
            streamer: port::STREAMER.checked_add(offset)?,
        })
    }
}

/// A part's configuration as its own program reads it when it is started without flags.
fn from_environment<T: clap::Args>(part: &'static str) -> anyhow::Result<T> {
    let matches = T::augment_args(clap::Command::new(part)).try_get_matches_from([part]);
    matches
        .and_then(|matches| T::from_arg_matches(&matches))
        .with_context(|| format!("the environment holds a value that the {part} cannot use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_moves_every_port() {
        let ports = Ports::with_offset(20_000).unwrap();
        assert_eq!((ports.portal, ports.streamer), (23_000, 29_092));
        assert_eq!(Ports::with_offset(60_000), None);
    }
}
