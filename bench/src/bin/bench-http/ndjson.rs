//! Many records: NDJSON over HTTP with a receipt for each line, beside librdkafka alone with an ack for each record.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rdkafka::{
    ClientConfig, ClientContext,
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext},
    types::RDKafkaErrorCode,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

const ACK_TIMEOUT: Duration = Duration::from_secs(60);
/// Lines that are sent again and again, so that making them does not take part.
const BLOCK_LINES: usize = 1000;

/// What both send: JSON of about 200 bytes.
pub(crate) fn lines() -> Vec<String> {
    (0..BLOCK_LINES)
        .map(|n| {
            format!(
                r#"{{"event":"order.created","order":{n},"customer":"c{}","at":"2026-01-31T09:30:00Z","note":"{}"}}"#,
                n % 100,
                "lorem ipsum ".repeat(9)
            )
        })
        .collect()
}

/// Lines per second through the producer, over one connection, until the last receipt.
pub(crate) async fn through_http(address: &str, topic: &str, count: usize) -> anyhow::Result<f64> {
    let started = Instant::now();
    let stream = TcpStream::connect(address).await?;
    let (reading, writing) = stream.into_split();
    let head = format!(
        "POST /produce/{topic} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n"
    );
    let sending = tokio::spawn(send(writing, head, count));
    let receipts = receive(reading).await?;
    // Not before the answer is whole: dropping the half closes it, which servers take for a caller that has gone.
    drop(sending.await??);
    ensure!(receipts == count, "{receipts} receipts for {count} lines");
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

async fn send(
    mut stream: OwnedWriteHalf,
    head: String,
    count: usize,
) -> anyhow::Result<OwnedWriteHalf> {
    let block = lines().join("\n") + "\n";
    let blocks = count / BLOCK_LINES;
    let length = block.len() * blocks;
    stream
        .write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes())
        .await?;
    for _ in 0..blocks {
        stream.write_all(block.as_bytes()).await?;
    }
    Ok(stream)
}

/// Counts receipts up to the end of the connection; each holds a `"status":"`. Fails at the first line that was not acked.
async fn receive(mut stream: OwnedReadHalf) -> anyhow::Result<usize> {
    const MARK: &[u8] = b"\"status\":\"";
    let mut buffer = vec![0; 256 * 1024];
    let (mut kept, mut receipts) = (0, 0);
    loop {
        let read = stream.read(&mut buffer[kept..]).await?;
        if read == 0 {
            return Ok(receipts);
        }
        let filled = kept + read;
        receipts += memchr::memmem::find_iter(&buffer[..filled], MARK).count();
        if let Some(at) = memchr::memmem::find(&buffer[..filled], b"\"error\":{") {
            bail!(
                "{}",
                String::from_utf8_lossy(&buffer[at..filled.min(at + 300)])
            );
        }
        // A mark may be cut in two; one that is whole is not counted again.
        kept = filled.min(MARK.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}

/// Records per second through librdkafka's own producer, until the last ack.
pub(crate) async fn through_librdkafka(
    broker: String,
    topic: String,
    count: usize,
) -> anyhow::Result<f64> {
    tokio::task::spawn_blocking(move || {
        let producer: BaseProducer<Acks> = ClientConfig::new()
            .set("bootstrap.servers", broker)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .create_with_context(Acks::default())?;
        let lines = lines();
        let started = Instant::now();
        for line in lines.iter().cycle().take(count) {
            let mut record = BaseRecord::<(), str>::to(&topic).payload(line);
            while let Err((error, returned)) = producer.send(record) {
                let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
                ensure!(error == full, error);
                producer.poll(Duration::from_millis(1));
                record = returned;
            }
        }
        producer.flush(ACK_TIMEOUT).context("not all were acked")?;
        let acked = producer.context().0.load(Ordering::Relaxed);
        ensure!(acked == count as u64, "{acked} acks for {count} records");
        Ok(count as f64 / started.elapsed().as_secs_f64())
    })
    .await?
}

/// Counts acks.
#[derive(Default)]
struct Acks(AtomicU64);

impl ClientContext for Acks {}

impl ProducerContext for Acks {
    type DeliveryOpaque = ();

    fn delivery(&self, report: &DeliveryResult<'_>, (): ()) {
        self.0
            .fetch_add(u64::from(report.is_ok()), Ordering::Relaxed);
    }
}
