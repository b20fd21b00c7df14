//! Kafka for the services: the only crate that knows rdkafka.

mod config;
mod headers;

pub use config::KafkaConfig;
pub use headers::{MessageHeaders, RecordMeta, headers};
