use std::{path::PathBuf, time::Duration};

use bus::{KafkaConfig, TopicSelection};
use contract::{port, topic};
use service::{AccessArgs, ListenArgs, Secret, TlsArgs};

/// Kafka → status: reads every message, keeps the life of each, shows both live.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "consumer", version)]
pub struct ConsumerConfig {
    #[command(flatten)]
    pub listen: ListenArgs<{ port::CONSUMER }>,
    #[command(flatten)]
    pub access: AccessArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub kafka: KafkaConfig,
    #[command(flatten)]
    pub intake: IntakeConfig,
    #[command(flatten)]
    pub store: StoreConfig,
    #[command(flatten)]
    pub viewers: ViewerConfig,
}

/// What is read from Kafka.
#[derive(Clone, Debug, clap::Args)]
pub struct IntakeConfig {
    /// Topics to read, separated by commas [default: all of users, also those made later]
    #[arg(
        long,
        env = "CONSUMER_TOPICS",
        value_name = "TOPICS",
        value_delimiter = ','
    )]
    pub topics: Vec<String>,
    /// Consumer group
    #[arg(long, env = "CONSUMER_GROUP", default_value = "consumer")]
    pub group: String,
}

/// Where the status of messages is kept, and for how long.
#[derive(Clone, Debug, clap::Args)]
pub struct StoreConfig {
    /// PostgreSQL that keeps the status instead of the folder, such as postgres://user:password@host/database?sslmode=verify-full:
    /// several consumers can share it and the work
    #[arg(
        long,
        env = "STATUS_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub status_database_url: Option<Secret>,
    /// File that holds STATUS_DATABASE_URL instead
    #[arg(long, env = "STATUS_DATABASE_URL_FILE", value_name = "FILE")]
    pub status_database_url_file: Option<PathBuf>,
    /// Folder of the status store
    #[arg(
        long,
        env = "DATA_DIR",
        value_name = "DIR",
        default_value = ".kafkloud/consumer"
    )]
    pub data_dir: PathBuf,
    /// How long the status of a message is kept
    #[arg(long, env = "STATUS_RETENTION_AGE", value_name = "TIME", default_value = "7d", value_parser = humantime::parse_duration)]
    pub retention_age: Duration,
    /// Messages whose status is kept, the newest ones; a million take about 200 MB
    #[arg(
        long,
        env = "STATUS_RETENTION_COUNT",
        value_name = "COUNT",
        default_value_t = 2_000_000
    )]
    pub retention_count: u64,
}

/// What those who watch may take.
#[derive(Clone, Debug, clap::Args)]
pub struct ViewerConfig {
    /// Streams of events and records served at once
    #[arg(
        long,
        env = "CONSUMER_STREAMS_MAX",
        value_name = "COUNT",
        default_value_t = 512
    )]
    pub streams_max: usize,
    /// Of these, streams that read old records: each has its own connection to Kafka
    #[arg(
        long,
        env = "CONSUMER_HISTORY_MAX",
        value_name = "COUNT",
        default_value_t = 8
    )]
    pub history_max: usize,
    /// Expressions (`where`) evaluated at once: each takes a process
    #[arg(
        long,
        env = "CONSUMER_FILTERS_MAX",
        value_name = "COUNT",
        default_value_t = 16
    )]
    pub filters_max: usize,
    /// Program that evaluates expressions: this one, or another that serves the consumer [default: this one]
    #[arg(long, env = "CONSUMER_FILTER_PROGRAM", value_name = "FILE")]
    pub filter_program: Option<PathBuf>,
}

impl StoreConfig {
    pub(crate) fn database_url(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.status_database_url_file.as_deref();
        Secret::given(
            "STATUS_DATABASE_URL",
            self.status_database_url.as_ref(),
            file,
        )
    }
}

impl IntakeConfig {
    /// The life-cycle topic belongs to the status of every message, whatever topics are chosen.
    pub(crate) fn selection(&self) -> anyhow::Result<TopicSelection> {
        let lifecycle = topic::LIFECYCLE.to_owned();
        if self.topics.is_empty() {
            return Ok(TopicSelection::UsersAnd(vec![lifecycle]));
        }
        let mut names = self.topics.clone();
        for name in &names {
            topic::validate_user(name)
                .map_err(|error| anyhow::anyhow!("CONSUMER_TOPICS, “{name}”: {error}"))?;
        }
        names.push(lifecycle);
        Ok(TopicSelection::Named(names))
    }
}
