//! Kafka for the services: the only crate that knows rdkafka.

mod admin;
mod broker_state;
mod config;
mod headers;
mod log;
mod native;
mod offsets;
mod publisher;
mod record;
mod subscription;
mod tail;
mod watermark;

pub use admin::{Admin, AdminError, RangeReader, ReadFrom, ReadLimits, RecordRange};
pub use broker_state::BrokerState;
pub use config::{KafkaConfig, PublisherConfig};
pub use headers::{MessageHeaders, RecordMeta, headers};
pub use publisher::{Ack, Message, PendingAcks, PublishError, PublishResult, Publisher};
pub use record::RecordRef;
pub use subscription::{
    Acks, Batch, BatchEnd, BatchEnds, OwnPositions, StartFrom, StartPosition, Subscription,
    SubscriptionEnded, SubscriptionOptions, TopicSelection,
};
pub use tail::{Reading, Tail, TailItem, TailOptions, TailStart};
pub use watermark::Watermark;
