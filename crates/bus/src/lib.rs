//! Kafka for the services: the only crate that knows rdkafka.

mod broker_state;
mod config;
mod headers;
mod publisher;

pub use broker_state::BrokerState;
pub use config::{KafkaConfig, PublisherConfig};
pub use headers::{MessageHeaders, RecordMeta, headers};
pub use publisher::{Ack, Message, PendingAcks, PublishError, PublishResult, Publisher};
