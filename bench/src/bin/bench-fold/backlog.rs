//! Messages as the producer writes them, with all headers.

use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use contract::{MessageId, Timestamp, TraceParent, header};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};

pub(crate) const TOPIC: &str = "backlog";
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) async fn fill(
    broker: &str,
    partitions: i32,
    records: u64,
    value_bytes: usize,
) -> anyhow::Result<()> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", broker)
        .set("acks", "all")
        .set("enable.idempotence", "true");
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let topic = NewTopic::new(TOPIC, partitions, TopicReplication::Fixed(1));
    for made in admin.create_topics([&topic], &AdminOptions::new()).await? {
        made.map_err(|(_, code)| KafkaError::AdminOp(code))?;
    }
    let producer: BaseProducer = config.create()?;
    let value = vec![b'x'; value_bytes];
    tokio::task::spawn_blocking(move || {
        for number in 0..records {
            write(&producer, number, &value)?;
        }
        producer
            .flush(TIMEOUT)
            .context("not all records were acknowledged")
    })
    .await?
}

fn write(producer: &BaseProducer, number: u64, value: &[u8]) -> anyhow::Result<()> {
    let (id, key) = (message_id(number), format!("key-{}", number % 1000));
    let accepted_at = Timestamp::from(SystemTime::now()).to_string();
    let trace = TraceParent {
        trace_id: id.0.as_u128(),
        span_id: number + 1,
        sampled: true,
    };
    let (id, trace) = (id.to_string(), trace.to_string());
    let field = |key, value| Header {
        key,
        value: Some(value),
    };
    let headers = OwnedHeaders::new()
        .insert(field(header::ID, id.as_str()))
        .insert(field(header::ACCEPTED_AT, accepted_at.as_str()))
        .insert(field(header::TRACEPARENT, trace.as_str()))
        .insert(field(header::CONTENT_TYPE, "application/json"));
    let mut record = BaseRecord::to(TOPIC)
        .key(&key)
        .payload(value)
        .headers(headers);
    loop {
        match producer.send(record) {
            Ok(()) => {
                producer.poll(Duration::ZERO);
                return Ok(());
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                record = again;
                producer.poll(Duration::from_millis(10));
            }
            Err((error, _)) => bail!(error),
        }
    }
}

/// A UUIDv7, as the producer makes them: the time in front, then what tells messages of the same moment apart.
fn message_id(number: u64) -> MessageId {
    let now = Timestamp::from(SystemTime::now()).as_millis() as u128;
    let mixed = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let version_and_variant = (0x7 << 76) | (0b10 << 62);
    let bits = (now << 80) | version_and_variant | (mixed & 0x3fff_ffff_ffff_ffff);
    let uuid = format!("{bits:032x}");
    // 32 hexadecimal digits are always a UUID.
    uuid.parse()
        .unwrap_or_else(|_| MessageId::of_record(TOPIC, 0, number as i64))
}
