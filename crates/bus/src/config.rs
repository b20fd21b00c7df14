use std::time::Duration;

use rdkafka::{ClientConfig, error::KafkaError};

use crate::{connection::Connection, security::KafkaSecurity};

/// Where Kafka is. The same variables for every service, embedded broker or not.
#[derive(Clone, Debug, clap::Args)]
pub struct KafkaConfig {
    /// Kafka's bootstrap servers, `host:port[,host:port…]`
    #[arg(
        long = "kafka-broker",
        env = "KAFKA_BROKER",
        default_value = "127.0.0.1:9092"
    )]
    pub broker: String,
    #[command(flatten)]
    pub security: KafkaSecurity,
}

impl KafkaConfig {
    /// One that lets everybody in.
    pub fn open(broker: impl Into<String>) -> Self {
        Self {
            broker: broker.into(),
            security: KafkaSecurity::default(),
        }
    }

    /// What every client of ours starts from. `client_id` is the component's name, for the broker's logs and group listings.
    pub(crate) fn client(&self, client_id: &str) -> Result<(ClientConfig, Connection), KafkaError> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.broker)
            .set("client.id", client_id)
            // The defaults back off for up to 10 s: too long for someone who just restarted the broker.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            // Requests are small and awaited; Nagle only delays them.
            .set("socket.nagle.disable", "true");
        let secured = self.security.apply(&mut config);
        let tokens = secured.and_then(|()| self.security.token_source());
        let tokens = tokens.map_err(|error| KafkaError::ClientCreation(format!("{error:#}")))?;
        Ok((config, Connection::new(tokens)))
    }
}

/// How messages are written.
#[derive(Clone, Debug, clap::Args)]
pub struct PublisherConfig {
    /// How long a message may wait for Kafka's acknowledgement, such as `10s`
    #[arg(long, env = "KAFKA_MESSAGE_TIMEOUT", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    pub message_timeout: Duration,
    /// How long a message may wait for others to share its request, in milliseconds
    // librdkafka's default is 5, which is what 64 callers who each wait for their ack would mostly wait for. 0.2 answers
    // them half as fast again as 0.5 at the same CPU; at 0 it spins instead of waiting.
    #[arg(
        long,
        env = "KAFKA_LINGER_MS",
        value_name = "MS",
        default_value_t = 0.2
    )]
    pub linger_ms: f64,
    /// Memory for messages that wait for Kafka's acknowledgement, in bytes
    #[arg(long, env = "KAFKA_QUEUE_BYTES", value_name = "BYTES", default_value_t = 64 * 1024 * 1024)]
    pub queue_bytes: usize,
    /// Largest record, with key and headers. Kafka takes 1048588 unless told otherwise
    #[arg(long, env = "KAFKA_RECORD_BYTES_MAX", value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub record_bytes_max: usize,
}

impl Default for PublisherConfig {
    fn default() -> Self {
        Self {
            message_timeout: Duration::from_secs(10),
            linger_ms: 0.2,
            queue_bytes: 64 * 1024 * 1024,
            record_bytes_max: 1024 * 1024,
        }
    }
}

impl PublisherConfig {
    /// Completes `client` into the settings of a producer. librdkafka's defaults trade other things than we do.
    pub(crate) fn native(&self, mut client: ClientConfig) -> ClientConfig {
        let millis = |duration: Duration| duration.as_millis().to_string();
        client
            // Acked = in the log of every in-sync replica, once, and in the order given.
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // 5 min by default: nobody who waits for an answer over HTTP is still there.
            .set("message.timeout.ms", millis(self.message_timeout))
            // 30 s by default: a topic that Kafka does not create by itself should be an error before that.
            .set(
                "topic.metadata.propagation.max.ms",
                millis(self.message_timeout / 2),
            )
            .set("linger.ms", self.linger_ms.to_string())
            .set("message.max.bytes", self.record_bytes_max.to_string())
            // 1 GiB and 100,000 messages by default. The publisher's own bound, in which every message counts for at
            // least half a KiB, is the one that holds; these stand behind it.
            .set(
                "queue.buffering.max.kbytes",
                (self.queue_bytes / 512).max(1).to_string(),
            )
            .set("queue.buffering.max.messages", "0")
            // The same key goes to the same partition as with Kafka's Java clients.
            .set("partitioner", "murmur2_random")
            // Compressing costs more here than it saves: the broker is near and the CPU is what is short.
            .set("compression.type", "none");
        client
    }
}
