//! What stands around the services: with `make test-external` a Kafka with SASL and TLS and a PostgreSQL of each stack's own, and
//! the services serve HTTPS and ask for tokens; otherwise nothing, and the stack embeds what it needs. With `QDRANT_URL` set, which the
//! seer reads, a collection of each stack's own in that Qdrant is part of it.

use std::{env, path::PathBuf};

use anyhow::Context;
use bus::{KafkaConfig, KafkaSecurity, KafkaTls, SaslMechanism, SecurityProtocol};
use cli::up::UpConfig;
use e2e::apache_kafka::{ApacheKafka, PASSWORD, USER};
use scratch_postgres::ScratchPostgres;
use seer::store::{Alias, QdrantStore, VectorStore};
use service::Secret;
use tokio::runtime::Runtime;

use crate::guard::Certificate;

pub(crate) struct Surroundings {
    kafka: ApacheKafka,
    pub(crate) database_url: Secret,
    pub(crate) certificate: Certificate,
    vectors: Option<Vectors>,
    // Ended when this is dropped.
    _postgres: ScratchPostgres,
}

/// What the seers keep in a Qdrant that others use too. Deleted when it is dropped.
struct Vectors {
    store: QdrantStore,
}

impl Vectors {
    /// In the Qdrant that the environment names, if it names one.
    fn of_environment() -> anyhow::Result<Option<Self>> {
        let Ok(url) = env::var("QDRANT_URL") else {
            return Ok(None);
        };
        let key = env::var("QDRANT_API_KEY").ok();
        let alias: Alias = format!("e2e-{}", Secret::random()?.reveal()).parse()?;
        let store = QdrantStore::connect(&url.parse()?, key.as_deref(), alias)?;
        Ok(Some(Self { store }))
    }

    async fn delete(&self) -> anyhow::Result<()> {
        for collection in self.store.collections().await? {
            self.store.delete(collection).await?;
        }
        Ok(())
    }
}

impl Drop for Vectors {
    fn drop(&mut self) {
        // In a thread and a runtime of its own, as the test's own may be about to end. Nobody to tell what is left.
        std::thread::scope(|scope| {
            scope.spawn(|| Runtime::new().map(|runtime| runtime.block_on(self.delete())));
        });
    }
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
            vectors: Vectors::of_environment()?,
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

    /// `SEER_COLLECTION` of the seers, where they use a Qdrant.
    pub(crate) fn collection(&self) -> Option<&str> {
        let vectors = self.vectors.as_ref()?;
        Some(vectors.store.alias().as_str())
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
            if let Some(collection) = self.collection() {
                seer.store.collection = collection.to_owned();
            }
        }
    }
}
