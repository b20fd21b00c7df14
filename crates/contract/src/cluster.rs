//! Topics and consumer groups as the consumer's HTTP interface and the CLI show them, and the changes that can be asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Position;

/// An entry of `GET /topics`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicView {
    pub name: String,
    /// Belongs to Kafkloud or to Kafka itself.
    pub internal: bool,
    /// Records in the log now, over all partitions (compaction and aborted transactions leave gaps that count).
    pub records: i64,
    pub partitions: Vec<PartitionView>,
    /// Records written per second, over about the last ten seconds. Absent until it is known: a second or so after
    /// somebody has begun to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Bytes of the records in the log. An estimate: how many there are, times the average size of those consumed so
    /// far (key, value and headers, uncompressed). Absent while none was consumed, and for internal topics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Absent while it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartitionView {
    pub partition: i32,
    /// The broker that leads it; -1 when none does.
    pub leader: i32,
    /// The brokers that are to keep a copy.
    #[serde(default)]
    pub replicas: Vec<i32>,
    /// Those of them that have all that was acknowledged; fewer than [`Self::replicas`] while a broker is away or catches up.
    #[serde(default)]
    pub in_sync: Vec<i32>,
    /// Offset of the first record in the log.
    pub first_offset: i64,
    /// Offset that the next record will have.
    pub next_offset: i64,
}

/// When a topic's records leave the log. Without any limit they stay for ever.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Retention {
    /// Milliseconds after which a record may leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<i64>,
    /// Bytes of a partition beyond which its oldest records may leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_bytes: Option<i64>,
    /// Of records with the same key, only the last is kept.
    #[serde(default)]
    pub compacted: bool,
}

/// `GET /topics/{name}`: a topic with its configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicDescription {
    #[serde(flatten)]
    pub topic: TopicView,
    /// Absent where the broker knows no topic ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// By name.
    pub configs: Vec<TopicConfig>,
}

/// A setting of a topic.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicConfig {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Set on this topic rather than the broker's default.
    pub is_own: bool,
}

/// `POST /topics`: what a new topic is to be like. What is not said is the broker's default.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTopic {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i32>,
    /// Copies of each partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<i32>,
    /// Settings by name, such as `retention.ms`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, String>,
}

/// An entry of `GET /groups`, and the answer of `GET /groups/{group}`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupView {
    pub group: String,
    /// As the broker names it: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`.
    pub state: String,
    pub members: Vec<MemberView>,
    /// Records the group has yet to read, over all partitions it has committed an offset for.
    pub lag: i64,
    pub partitions: Vec<GroupPartitionView>,
    /// Records per second by which the group moves on, over about the last ten seconds. Absent until it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    pub member_id: String,
    pub client_id: String,
    pub client_host: String,
    /// The partitions that it reads now; none while the group rebalances.
    #[serde(default)]
    pub assigned: Vec<TopicPartition>,
}

#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicPartition {
    pub topic: String,
    pub partition: i32,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupPartitionView {
    pub topic: String,
    pub partition: i32,
    /// The next offset that the group will read.
    pub committed_offset: i64,
    /// Offset that the next record of the partition will have.
    pub next_offset: i64,
    pub lag: i64,
}

/// `POST /groups/{group}/offsets`: from where a group is to go on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OffsetReset {
    /// An offset that a partition does not have becomes the nearest that it has; a time becomes the first record at or
    /// after it.
    pub to: Position,
    /// All partitions of these topics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// These partitions. With neither topics nor partitions, all that the group has committed an offset for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<TopicPartition>,
    /// Only tell what would move.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a reset has moved, or would move.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OffsetResetOutcome {
    pub group: String,
    /// Nothing was moved.
    pub dry_run: bool,
    /// Records that will be read again, over all partitions.
    pub replays: u64,
    /// Records that will never be read, over all partitions.
    pub skips: u64,
    pub partitions: Vec<OffsetMove>,
}

/// The reset of one partition.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OffsetMove {
    pub topic: String,
    pub partition: i32,
    /// The next offset that the group would have read; absent when it had committed none. Then nothing counts as read
    /// again or left out: nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// The next offset that the group will read.
    pub after: i64,
    /// Records that will be read again (gaps in the log count).
    pub replays: u64,
    /// Records that will never be read.
    pub skips: u64,
}
