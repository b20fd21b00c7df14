//! Topics and consumer groups as the consumer's HTTP interface and the CLI show them.

use serde::{Deserialize, Serialize};

/// An entry of `GET /topics`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicView {
    pub name: String,
    /// Belongs to Kafkloud or to Kafka itself.
    pub internal: bool,
    /// Records in the log now, over all partitions (compaction and aborted transactions leave gaps that count).
    pub records: i64,
    pub partitions: Vec<PartitionView>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartitionView {
    pub partition: i32,
    /// The broker that leads it; -1 when none does.
    pub leader: i32,
    /// Offset of the first record in the log.
    pub first_offset: i64,
    /// Offset that the next record will have.
    pub next_offset: i64,
}

/// An entry of `GET /groups`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupView {
    pub group: String,
    /// As the broker names it: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`.
    pub state: String,
    pub members: Vec<MemberView>,
    /// Records the group has yet to read, over all partitions it has committed an offset for.
    pub lag: i64,
    pub partitions: Vec<GroupPartitionView>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    pub member_id: String,
    pub client_id: String,
    pub client_host: String,
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
