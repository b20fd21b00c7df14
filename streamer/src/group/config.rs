use std::time::Duration;

use clap::Args;

/// The limits and delays of the group coordinator, named after the settings of Apache Kafka where
/// it has them.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Shortest session timeout a consumer may ask for (Kafka's group.min.session.timeout.ms)
    #[arg(
        long,
        env = "STREAMER_GROUP_MIN_SESSION_TIMEOUT_MS",
        default_value_t = 6_000
    )]
    pub group_min_session_timeout_ms: u64,

    /// Longest session timeout a consumer may ask for (Kafka's group.max.session.timeout.ms)
    #[arg(
        long,
        env = "STREAMER_GROUP_MAX_SESSION_TIMEOUT_MS",
        default_value_t = 1_800_000
    )]
    pub group_max_session_timeout_ms: u64,

    /// How long a new group waits for more members before its first assignment (Kafka: 3000)
    #[arg(
        long,
        env = "STREAMER_GROUP_INITIAL_REBALANCE_DELAY_MS",
        default_value_t = 0
    )]
    pub group_initial_rebalance_delay_ms: u64,

    /// Members of one group (Kafka's group.max.size)
    #[arg(long, env = "STREAMER_GROUP_MAX_MEMBERS", default_value_t = 1_000)]
    pub group_max_members: usize,

    /// Consumer groups in all
    #[arg(long, env = "STREAMER_MAX_GROUPS", default_value_t = 10_000)]
    pub max_groups: usize,

    /// Bytes of one member's subscription, for all its assignors together, and of its assignment
    #[arg(long, env = "STREAMER_GROUP_MAX_MEMBER_BYTES", default_value_t = 1 << 20)]
    pub group_max_member_bytes: usize,

    /// Bytes of the text kept beside a committed offset (Kafka's offset.metadata.max.bytes)
    #[arg(
        long,
        env = "STREAMER_OFFSET_MAX_METADATA_BYTES",
        default_value_t = 4096
    )]
    pub offset_max_metadata_bytes: usize,

    /// Minutes that committed offsets are kept after their group became empty (Kafka's offsets.retention.minutes)
    #[arg(long, env = "STREAMER_OFFSETS_RETENTION_MINUTES", default_value_t = 7 * 24 * 60)]
    pub offsets_retention_minutes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            group_min_session_timeout_ms: 6_000,
            group_max_session_timeout_ms: 1_800_000,
            group_initial_rebalance_delay_ms: 0,
            group_max_members: 1_000,
            max_groups: 10_000,
            group_max_member_bytes: 1 << 20,
            offset_max_metadata_bytes: 4096,
            offsets_retention_minutes: 7 * 24 * 60,
        }
    }
}

impl Config {
    pub(super) fn initial_rebalance_delay(&self) -> Duration {
        Duration::from_millis(self.group_initial_rebalance_delay_ms)
    }

    pub(super) fn accepts_session_timeout(&self, timeout: Duration) -> bool {
        let range = self.group_min_session_timeout_ms..=self.group_max_session_timeout_ms;
        range.contains(&(timeout.as_millis() as u64))
    }

    pub(super) fn offsets_retention_ms(&self) -> i64 {
        i64::try_from(self.offsets_retention_minutes.saturating_mul(60_000)).unwrap_or(i64::MAX)
    }
}
