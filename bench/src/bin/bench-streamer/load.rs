use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bench::broker::Broker;
use clap::Args;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{
    BaseProducer, BaseRecord, FutureProducer, FutureRecord, Producer, ProducerContext,
};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

/// How often the producer hears of its acks while it sends.
const POLL_EVERY_RECORDS: u64 = 1_000;
const TIMEOUT: Duration = Duration::from_secs(120);

/// What each broker is asked to do in a round, on a topic of its own.
#[derive(Args)]
pub(crate) struct Load {
    /// Records for the rates
    #[arg(long, default_value_t = 500_000)]
    records: u64,

    /// Records for the times, one after the other
    #[arg(long, default_value_t = 2_000)]
    samples: usize,

    /// Pause between two records when times are measured end to end
    #[arg(long, default_value_t = 2)]
    pause_ms: u64,

    #[arg(long, default_value_t = 200)]
    value_bytes: usize,

    #[arg(long, default_value_t = 4)]
    partitions: i32,
}

/// What one round measured on one broker.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) records_in_per_s: f64,
    pub(crate) records_out_per_s: f64,
    /// Processor time of the broker for each record: it hardly depends on what else the machine does.
    pub(crate) cpu_in_us: f64,
    pub(crate) cpu_out_us: f64,
    pub(crate) ack_p50_ms: f64,
    pub(crate) ack_p99_ms: f64,
    pub(crate) end_to_end_p50_ms: f64,
    pub(crate) end_to_end_p99_ms: f64,
    pub(crate) memory_mb: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "in {:.0}/s at {:.2} us, out {:.0}/s at {:.2} us, ack p50 {:.2} ms p99 {:.2} ms, end to end p50 {:.2} ms p99 {:.2} ms, {:.0} MB",
            self.records_in_per_s,
            self.cpu_in_us,
            self.records_out_per_s,
            self.cpu_out_us,
            self.ack_p50_ms,
            self.ack_p99_ms,
            self.end_to_end_p50_ms,
            self.end_to_end_p99_ms,
            self.memory_mb
        )
    }
}

impl Load {
    pub(crate) async fn run(&self, broker: &Broker, round: usize) -> anyhow::Result<Figures> {
        let address = broker.address.as_str();
        let (bulk, acks, journeys) = (
            format!("bulk-{round}"),
            format!("acks-{round}"),
            format!("journeys-{round}"),
        );
        self.create_topics(address, &[&bulk, &acks, &journeys])
            .await?;
        let before = broker.cpu_time()?;
        let records_in_per_s = self.produce_all(address, &bulk)?;
        let between = broker.cpu_time()?;
        let records_out_per_s = self.consume_all(address, &bulk)?;
        let after = broker.cpu_time()?;
        let mut acks = self.ack_times(address, &acks).await?;
        let mut journeys = self.end_to_end_times(address, &journeys).await?;
        Ok(Figures {
            records_in_per_s,
            records_out_per_s,
            cpu_in_us: self.cpu_us_per_record(between - before),
            cpu_out_us: self.cpu_us_per_record(after - between),
            ack_p50_ms: percentile_ms(&mut acks, 0.50),
            ack_p99_ms: percentile_ms(&mut acks, 0.99),
            end_to_end_p50_ms: percentile_ms(&mut journeys, 0.50),
            end_to_end_p99_ms: percentile_ms(&mut journeys, 0.99),
            memory_mb: 0.0,
        })
    }

    fn cpu_us_per_record(&self, used: Duration) -> f64 {
        used.as_secs_f64() * 1e6 / self.records as f64
    }

    async fn create_topics(&self, address: &str, names: &[&str]) -> anyhow::Result<()> {
        let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
            .set("bootstrap.servers", address)
            .create()?;
        let topics: Vec<NewTopic> = names
            .iter()
            .map(|name| NewTopic::new(name, self.partitions, TopicReplication::Fixed(1)))
            .collect();
        for result in admin.create_topics(&topics, &AdminOptions::new()).await? {
            if let Err((name, code)) = result {
                bail!("topic {name} was refused: {code}");
            }
        }
        Ok(())
    }

    fn produce_all(&self, address: &str, topic: &str) -> anyhow::Result<f64> {
        let producer: BaseProducer<AckCounter> = producer_config(address)
            .set("linger.ms", "5")
            .create_with_context(AckCounter::default())?;
        let value = vec![b'v'; self.value_bytes];
        let started = Instant::now();
        for number in 0..self.records {
            let partition = (number % self.partitions as u64) as i32;
            let mut record = BaseRecord::<(), [u8]>::to(topic)
                .partition(partition)
                .payload(&value);
            while let Err((error, returned)) = producer.send(record) {
                let is_full = error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
                ensure!(is_full, "cannot send: {error}");
                // The client's queue is full: it works at its limit, which is what is measured.
                producer.poll(Duration::from_millis(10));
                record = returned;
            }
            if number % POLL_EVERY_RECORDS == 0 {
                producer.poll(Duration::ZERO);
            }
        }
        producer.flush(TIMEOUT)?;
        let took = started.elapsed();
        let counter = producer.context();
        let (acked, failed) = (
            counter.acked.load(Ordering::Relaxed),
            counter.failed.load(Ordering::Relaxed),
        );
        ensure!(
            acked == self.records,
            "{acked} of {} records were acked, {failed} failed",
            self.records
        );
        Ok(self.records as f64 / took.as_secs_f64())
    }

    fn consume_all(&self, address: &str, topic: &str) -> anyhow::Result<f64> {
        let consumer = self.consumer(address, topic)?;
        let started = Instant::now();
        let mut received = 0;
        while received < self.records {
            ensure!(
                started.elapsed() < TIMEOUT,
                "only {received} records came back"
            );
            match consumer.poll(Duration::from_secs(1)) {
                Some(Ok(_)) => received += 1,
                Some(Err(error)) => bail!("cannot consume: {error}"),
                None => {}
            }
        }
        Ok(self.records as f64 / started.elapsed().as_secs_f64())
    }

    /// One record after the other, each sent when the one before is acked.
    async fn ack_times(&self, address: &str, topic: &str) -> anyhow::Result<Vec<Duration>> {
        let producer: FutureProducer = producer_config(address).set("linger.ms", "0").create()?;
        let value = vec![b'v'; self.value_bytes];
        let mut times = Vec::with_capacity(self.samples);
        for number in 0..self.samples {
            let partition = (number % self.partitions as usize) as i32;
            let started = Instant::now();
            let record = FutureRecord::<(), [u8]>::to(topic)
                .partition(partition)
                .payload(&value);
            producer
                .send(record, TIMEOUT)
                .await
                .map_err(|(error, _)| error)
                .context("not acked")?;
            times.push(started.elapsed());
        }
        Ok(times)
    }

    /// From handing a record to the producer until a waiting consumer has it.
    async fn end_to_end_times(&self, address: &str, topic: &str) -> anyhow::Result<Vec<Duration>> {
        let epoch = Instant::now();
        let consumer = self.consumer(address, topic)?;
        let producer: FutureProducer = producer_config(address).set("linger.ms", "0").create()?;
        let send = |number: usize| {
            let mut value = vec![b'v'; self.value_bytes.max(size_of::<u64>())];
            value[..size_of::<u64>()].copy_from_slice(&nanoseconds_since(epoch).to_le_bytes());
            let partition = (number % self.partitions as usize) as i32;
            let record = FutureRecord::<(), [u8]>::to(topic)
                .partition(partition)
                .payload(&value);
            // The ack is of no interest here; a lost record would make the consumer time out.
            producer
                .send_result(record)
                .map(drop)
                .map_err(|(error, _)| error)
                .context("cannot send")
        };
        // One record through each partition, so that connections are up and fetches wait.
        let partitions = self.partitions as usize;
        (0..partitions).try_for_each(&send)?;
        let (consumer, _) =
            tokio::task::spawn_blocking(move || receive_times(consumer, epoch, partitions))
                .await??;
        let samples = self.samples;
        let consuming =
            tokio::task::spawn_blocking(move || receive_times(consumer, epoch, samples));
        for number in 0..self.samples {
            send(number)?;
            tokio::time::sleep(Duration::from_millis(self.pause_ms)).await;
        }
        Ok(consuming.await??.1)
    }

    fn consumer(&self, address: &str, topic: &str) -> anyhow::Result<BaseConsumer> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", address)
            .set("group.id", "bench")
            .set("enable.auto.commit", "false")
            // By default the client pauses for a second whenever it has read 100,000 records ahead: that, and not the
            // broker, would be measured.
            .set("fetch.queue.backoff.ms", "5")
            .create()?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..self.partitions {
            partitions.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&partitions)?;
        Ok(consumer)
    }
}

fn producer_config(address: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", address)
        .set("acks", "all")
        .set("enable.idempotence", "true");
    config
}

/// Hands the consumer back, to go on with it.
fn receive_times(
    consumer: BaseConsumer,
    epoch: Instant,
    samples: usize,
) -> anyhow::Result<(BaseConsumer, Vec<Duration>)> {
    let deadline = Instant::now() + TIMEOUT;
    let mut times = Vec::with_capacity(samples);
    while times.len() < samples {
        ensure!(
            Instant::now() < deadline,
            "only {} records came back",
            times.len()
        );
        let Some(message) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let message = message.context("cannot consume")?;
        let now = nanoseconds_since(epoch);
        let sent = message
            .payload()
            .and_then(|value| value.first_chunk())
            .context("a record without its time")?;
        times.push(Duration::from_nanos(now - u64::from_le_bytes(*sent)));
    }
    Ok((consumer, times))
}

fn nanoseconds_since(epoch: Instant) -> u64 {
    epoch.elapsed().as_nanos() as u64
}

fn percentile_ms(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let index = ((times.len() - 1) as f64 * share).round() as usize;
    times[index].as_secs_f64() * 1000.0
}

#[derive(Default)]
struct AckCounter {
    acked: AtomicU64,
    failed: AtomicU64,
}

impl ClientContext for AckCounter {}

impl ProducerContext for AckCounter {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let counter = if result.is_ok() {
            &self.acked
        } else {
            &self.failed
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
