//! Kafka for the services: the only crate that knows rdkafka.

mod admin;
mod broker_state;
mod config;
mod connection;
mod headers;
mod log;
mod native;
mod offsets;
mod publisher;
mod record;
mod security;
mod subscription;
mod tail;
mod tokens;
mod trouble;
mod watermark;

pub use admin::{Admin, AdminError, RangeReader, ReadFrom, ReadLimits, RecordRange};
pub use broker_state::BrokerState;
pub use config::{KafkaConfig, PublisherConfig};
pub use headers::{MessageHeaders, RecordMeta, headers};
pub use publisher::{Ack, Message, PendingAcks, PublishError, PublishResult, Publisher};
pub use record::RecordRef;
pub use security::{KafkaSecurity, KafkaTls, OauthArgs, SaslMechanism, SecurityProtocol};
pub use subscription::{
    Acks, Batch, BatchEnd, BatchEnds, OwnPositions, StartFrom, StartPosition, Subscription,
    SubscriptionEnded, SubscriptionOptions, TopicSelection,
};
pub use tail::{Reading, Tail, TailItem, TailOptions, TailStart};
pub use trouble::Trouble;
pub use watermark::Watermark;
