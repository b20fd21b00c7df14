//! What can be configured of a topic. A setting that this broker does not honour is refused.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;

use crate::StreamerConfig;
use crate::log::{AppendRules, Retention};
use crate::refusal::Refusal;

/// What was set for a topic explicitly, by Apache Kafka's names.
pub(crate) type Overrides = BTreeMap<String, String>;

/// A topic's configuration in effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) max_message_bytes: usize,
    pub(crate) append: AppendRules,
    pub(crate) retention: Retention,
}

/// The type of a setting, with the numbers that the protocol has for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Boolean = 1,
    Text = 2,
    Integer = 3,
    Long = 5,
    List = 7,
}

pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) documentation: &'static str,
    pub(crate) default: fn(&StreamerConfig) -> String,
    accepts: fn(&str) -> bool,
}

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Every setting there is, in the order of their names.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "cleanup.policy",
        kind: Kind::List,
        documentation: "What happens to old segments. Only 'delete': this broker does not compact.",
        default: |_| "delete".to_owned(),
        accepts: |value| value == "delete",
    },
    Setting {
        name: "compression.type",
        kind: Kind::Text,
        documentation: "Only 'producer': batches stay as their producer compressed them.",
        default: |_| "producer".to_owned(),
        accepts: |value| value == "producer",
    },
    Setting {
        name: "max.message.bytes",
        kind: Kind::Integer,
        documentation: "The largest record batch in bytes.",
        default: |config| config.max_message_bytes.to_string(),
        accepts: |value| within(value, 0, i64::from(i32::MAX)),
    },
    Setting {
        name: "message.timestamp.type",
        kind: Kind::Text,
        documentation: "'CreateTime' keeps the producer's timestamps, 'LogAppendTime' sets the broker's.",
        default: |_| "CreateTime".to_owned(),
        accepts: |value| matches!(value, "CreateTime" | "LogAppendTime"),
    },
    Setting {
        name: "min.insync.replicas",
        kind: Kind::Integer,
        documentation: "Only 1: there is one broker.",
        default: |_| "1".to_owned(),
        accepts: |value| value == "1",
    },
    Setting {
        name: "retention.bytes",
        kind: Kind::Long,
        documentation: "The oldest segments leave when a partition is larger than this; -1 is no limit.",
        default: |_| "-1".to_owned(),
        accepts: |value| within(value, -1, i64::MAX),
    },
    Setting {
        name: "retention.ms",
        kind: Kind::Long,
        documentation: "Segments leave when their newest record is older than this; -1 is no limit.",
        default: |_| WEEK_MS.to_string(),
        accepts: |value| within(value, -1, i64::MAX),
    },
    Setting {
        name: "segment.bytes",
        kind: Kind::Integer,
        documentation: "The size in bytes at which a partition begins a new segment.",
        default: |config| config.segment_bytes.to_string(),
        accepts: |value| within(value, 16_384, 1 << 30),
    },
];

impl Settings {
    /// The settings in effect under `overrides`, or why they are refused.
    pub(crate) fn resolve(overrides: &Overrides, config: &StreamerConfig) -> Result<Self, Refusal> {
        let refuse = |message| Err(Refusal::new(ResponseError::InvalidConfig, message));
        for (name, value) in overrides {
            match SETTINGS.iter().find(|setting| setting.name == name) {
                Some(setting) if (setting.accepts)(value) => {}
                Some(setting) => {
                    return refuse(format!(
                        "Invalid value {value} for configuration {name}: {}",
                        setting.documentation
                    ));
                }
                None => return refuse(format!("This broker has no topic configuration {name}")),
            }
        }
        let text = |name: &str| effective(overrides, config, name);
        let number = |name: &str| text(name).parse::<i64>().unwrap_or(-1);
        let limit = |name: &str| Some(number(name)).filter(|limit| *limit >= 0);
        Ok(Settings {
            max_message_bytes: number("max.message.bytes") as usize,
            append: AppendRules {
                segment_bytes: number("segment.bytes") as u64,
                log_append_time: text("message.timestamp.type") == "LogAppendTime",
            },
            retention: Retention {
                age_ms: limit("retention.ms"),
                size_bytes: limit("retention.bytes").map(|bytes| bytes as u64),
            },
        })
    }
}

/// The value of a setting: set for the topic, or the broker's.
pub(crate) fn effective(overrides: &Overrides, config: &StreamerConfig, name: &str) -> String {
    overrides.get(name).cloned().unwrap_or_else(|| {
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        setting
            .map(|setting| (setting.default)(config))
            .unwrap_or_default()
    })
}

fn within(value: &str, least: i64, most: i64) -> bool {
    value
        .parse::<i64>()
        .is_ok_and(|value| (least..=most).contains(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(name: &str, value: &str) -> Result<Settings, Refusal> {
        let overrides = Overrides::from([(name.to_owned(), value.to_owned())]);
        Settings::resolve(&overrides, &StreamerConfig::new("unused"))
    }

    #[test]
    fn what_is_not_honoured_is_refused() {
        for (name, value) in [
            ("cleanup.policy", "compact"),
            ("retention.ms", "soon"),
            ("segment.bytes", "1"),
            ("flush.ms", "1"),
        ] {
            let refusal = resolve(name, value).expect_err(name);
            assert_eq!(refusal.error, ResponseError::InvalidConfig);
        }
    }

    #[test]
    fn overrides_take_effect_and_defaults_stay() {
        let settings = resolve("retention.ms", "-1").expect("a valid setting");
        assert_eq!(settings.retention.age_ms, None);
        assert_eq!(settings.max_message_bytes, 1_048_588);
    }

    #[test]
    fn settings_are_in_order_and_accept_their_defaults() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        let config = StreamerConfig::new("unused");
        assert!(
            SETTINGS
                .iter()
                .all(|setting| (setting.accepts)(&(setting.default)(&config)))
        );
    }
}
