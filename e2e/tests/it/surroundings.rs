//! What stands around the services: with `make test-external` a Kafka with SASL and TLS and a PostgreSQL of each stack's own, and
//! the services serve HTTPS and ask for tokens; otherwise nothing, and the stack embeds what it needs.

use std::path::PathBuf;

use anyhow::Context;
use bus::{KafkaConfig, KafkaSecurity, KafkaTls, SaslMechanism, SecurityProtocol};
use cli::up::UpConfig;
use e2e::apache_kafka::{ApacheKafka, PASSWORD, USER};
use scratch_postgres::ScratchPostgres;
use service::Secret;

use crate::guard::Certificate;

pub(crate) struct Surroundings {
    kafka: ApacheKafka,
    pub(crate) database_url: Secret,
    pub(crate) certificate: Certificate,
    // Ended when this is dropped.
    _postgres: ScratchPostgres,
}

impl Surroundings {
    /// `None` where everything is embedded.
    pub(crate) async fn start() -> anyhow::Result<Option<Self>> {
        tokio::task::spawn_blocking(Self::start_blocking).await?
    }

    fn start_blocking() -> anyhow::Result<Option<Self>> {
        // Its three ports lie beside those that other tests get.
        let port = free_ports::offset(&[0, 1, 2]);
        let Some(kafka) = ApacheKafka::start(port)? else {
            return Ok(None);
        };
        let postgres = ScratchPostgres::start()?.context("PostgreSQL is part of it")?;
        Ok(Some(Self {
            kafka,
            database_url: Secret::new(postgres.database("status")?),
            certificate: Certificate::new()?,
            _postgres: postgres,
        }))
    }

    pub(crate) fn kafka(&self) -> KafkaConfig {
        KafkaConfig {
            broker: self.kafka.address(),
            security: KafkaSecurity {
                protocol: SecurityProtocol::SaslSsl,
                mechanism: Some(SaslMechanism::ScramSha512),
                username: Some(USER.to_owned()),
                password: Some(Secret::new(PASSWORD)),
                tls: KafkaTls {
                    ca_file: Some(self.ca_file()),
                    ..KafkaTls::default()
                },
                ..KafkaSecurity::default()
            },
        }
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.kafka.ca_file()
    }

    /// Has the platform use them. That callers are asked for tokens is the stack's part.
    pub(crate) fn put_around(&self, config: &mut UpConfig) {
        self.certificate.serve_https(config);
        let kafka = self.kafka();
        config.kafka_broker = Some(kafka.broker);
        config.producer.kafka.security = kafka.security.clone();
        config.consumer.store.status_database_url = Some(self.database_url.clone());
        config.consumer.kafka.security = kafka.security.clone();
        if let Some(seer) = &mut config.seer {
            seer.kafka.security = kafka.security;
        }
    }
}
