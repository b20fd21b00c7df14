//! Kafka for the services: the only crate that knows rdkafka.

mod config;

pub use config::KafkaConfig;
