//! What the streamer can be told. Every field is a flag and an environment variable of the binary;
//! the platform fills the same struct for the broker it runs in process.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

#[derive(Args, Clone, Debug)]
pub struct StreamerConfig {
    /// Folder that holds the log, the topics and the groups
    #[arg(long, env = "DATA_DIR", default_value = ".kafkloud/streamer")]
    pub data_dir: PathBuf,

    /// Host that clients are told to connect to; the address it listens on if not given
    #[arg(long, env = "STREAMER_ADVERTISED_HOST")]
    pub advertised_host: Option<String>,

    /// Port that clients are told to connect to; the port it listens on if not given
    #[arg(long, env = "STREAMER_ADVERTISED_PORT")]
    pub advertised_port: Option<u16>,

    /// Create a topic when a client asks for one that does not exist
    #[arg(long, env = "STREAMER_AUTO_CREATE_TOPICS", default_value_t = true, action = clap::ArgAction::Set)]
    pub auto_create_topics: bool,

    /// Partitions of a topic whose creator does not say how many
    #[arg(long, env = "STREAMER_DEFAULT_PARTITIONS", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub default_partitions: i32,

    /// Partitions the broker accepts in all; each takes an open file
    #[arg(long, env = "STREAMER_MAX_PARTITIONS", default_value_t = 2000)]
    pub max_partitions: usize,

    /// Largest record batch in bytes, for topics that do not set max.message.bytes
    #[arg(long, env = "STREAMER_MAX_MESSAGE_BYTES", default_value_t = 1_048_588)]
    pub max_message_bytes: u32,

    /// Size in bytes at which a partition starts a new segment, for topics that do not set segment.bytes
    #[arg(long, env = "STREAMER_SEGMENT_BYTES", default_value_t = 128 << 20, value_parser = clap::value_parser!(u32).range(16_384..=1_073_741_824))]
    pub segment_bytes: u32,

    /// Milliseconds between forced writes to the disk itself; without it only on segment roll and shutdown
    #[arg(long, env = "STREAMER_FLUSH_INTERVAL_MS", value_parser = clap::value_parser!(u64).range(1..))]
    pub flush_interval_ms: Option<u64>,

    /// Connections served at once; more wait in the listener's queue
    #[arg(long, env = "STREAMER_MAX_CONNECTIONS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_connections: u32,

    /// Largest request in bytes; a larger one closes its connection
    #[arg(long, env = "STREAMER_MAX_REQUEST_BYTES", default_value_t = 64 << 20, value_parser = clap::value_parser!(u32).range(1024..=1_073_741_824))]
    pub max_request_bytes: u32,

    /// Bytes of requests held in memory at once over all connections; more wait unread in their sockets
    #[arg(long, env = "STREAMER_MAX_IN_FLIGHT_BYTES", default_value_t = 256 << 20, value_parser = clap::value_parser!(u32).range(1024..=1_073_741_824))]
    pub max_in_flight_bytes: u32,

    /// Most bytes of records that one fetch answers with, whatever the client asks for
    #[arg(long, env = "STREAMER_MAX_FETCH_BYTES", default_value_t = 55 << 20, value_parser = clap::value_parser!(u32).range(1024..=1_073_741_824))]
    pub max_fetch_bytes: u32,

    /// Milliseconds after which a connection that asks nothing is closed
    #[arg(long, env = "STREAMER_IDLE_TIMEOUT_MS", default_value_t = 600_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub idle_timeout_ms: u64,

    #[command(flatten)]
    pub group: crate::group::Config,
}

impl StreamerConfig {
    /// The defaults of the command line, for the data folder given.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        StreamerConfig {
            data_dir: data_dir.into(),
            advertised_host: None,
            advertised_port: None,
            auto_create_topics: true,
            default_partitions: 1,
            max_partitions: 2000,
            max_message_bytes: 1_048_588,
            segment_bytes: 128 << 20,
            flush_interval_ms: None,
            max_connections: 1000,
            max_request_bytes: 64 << 20,
            max_in_flight_bytes: 256 << 20,
            max_fetch_bytes: 55 << 20,
            idle_timeout_ms: 600_000,
            group: crate::group::Config::default(),
        }
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        config: StreamerConfig,
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let parsed = CommandLine::parse_from(["streamer", "--data-dir", "folder"]).config;
        assert_eq!(
            format!("{parsed:?}"),
            format!("{:?}", StreamerConfig::new("folder"))
        );
    }
}
