use rdkafka::ClientConfig;

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
}

impl KafkaConfig {
    /// What every client of ours starts from. `client_id` is the component's name, for the broker's logs and group listings.
    pub(crate) fn client(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.broker)
            .set("client.id", client_id)
            // The defaults back off for up to 10 s: too long for someone who just restarted the broker.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            // Requests are small and awaited; Nagle only delays them.
            .set("socket.nagle.disable", "true");
        config
    }
}
