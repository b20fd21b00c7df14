//! Configuration as clients are shown it.

use crate::StreamerConfig;
use crate::topics::settings::{Kind, Overrides, SETTINGS, effective};

/// Types of resources, with the numbers that the protocol has for them.
pub(crate) const TOPIC: i8 = 2;
pub(crate) const BROKER: i8 = 4;

/// Where a value comes from, with the numbers that the protocol has for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Topic = 1,
    StaticBroker = 4,
    Default = 5,
}

pub(crate) struct ConfigEntry {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) default: String,
    pub(crate) source: Source,
    pub(crate) kind: Kind,
    pub(crate) documentation: &'static str,
    pub(crate) read_only: bool,
}

pub(crate) fn of_topic(overrides: &Overrides, config: &StreamerConfig) -> Vec<ConfigEntry> {
    SETTINGS
        .iter()
        .map(|setting| ConfigEntry {
            name: setting.name,
            value: effective(overrides, config, setting.name),
            default: (setting.default)(config),
            source: if overrides.contains_key(setting.name) {
                Source::Topic
            } else {
                Source::Default
            },
            kind: setting.kind,
            documentation: setting.documentation,
            read_only: false,
        })
        .collect()
}

/// The broker's own configuration by Apache Kafka's names: set when it starts, so read-only here.
pub(crate) fn of_broker(config: &StreamerConfig, listener: &str) -> Vec<ConfigEntry> {
    let entry = |name, kind, value: String| ConfigEntry {
        name,
        default: value.clone(),
        value,
        source: Source::StaticBroker,
        kind,
        documentation: "",
        read_only: true,
    };
    vec![
        entry(
            "advertised.listeners",
            Kind::Text,
            format!("PLAINTEXT://{listener}"),
        ),
        entry(
            "auto.create.topics.enable",
            Kind::Boolean,
            config.auto_create_topics.to_string(),
        ),
        entry("broker.id", Kind::Integer, crate::NODE_ID.0.to_string()),
        entry(
            "connections.max.idle.ms",
            Kind::Long,
            config.idle_timeout_ms.to_string(),
        ),
        entry("default.replication.factor", Kind::Integer, "1".to_owned()),
        entry("delete.topic.enable", Kind::Boolean, "true".to_owned()),
        entry(
            "fetch.max.bytes",
            Kind::Integer,
            config.max_fetch_bytes.to_string(),
        ),
        entry(
            "log.dirs",
            Kind::Text,
            config.data_dir.display().to_string(),
        ),
        entry(
            "log.segment.bytes",
            Kind::Integer,
            config.segment_bytes.to_string(),
        ),
        entry(
            "max.connections",
            Kind::Integer,
            config.max_connections.to_string(),
        ),
        entry(
            "message.max.bytes",
            Kind::Integer,
            config.max_message_bytes.to_string(),
        ),
        entry("min.insync.replicas", Kind::Integer, "1".to_owned()),
        entry(
            "num.partitions",
            Kind::Integer,
            config.default_partitions.to_string(),
        ),
        entry(
            "socket.request.max.bytes",
            Kind::Integer,
            config.max_request_bytes.to_string(),
        ),
    ]
}
