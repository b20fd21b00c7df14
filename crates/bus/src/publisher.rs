//! Messages into Kafka.
//!
//! Delivery: an `Ack` means that all in-sync replicas have the record (acks=all), and that retries inside have not
//! written it twice (idempotent producer). An error after the message was handed over, such as a timeout, leaves open
//! whether it was written: only its id makes another attempt safe. What waits for its ack is bounded in bytes.

use std::{
    borrow::Cow,
    error::Error,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Context;
use parking_lot::RwLock;
use rdkafka::{
    ClientConfig, ClientContext, Message as _,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::{
    KafkaConfig, PublisherConfig,
    broker_state::{ANSWER_TIMEOUT, BrokerProbe, BrokerState, Outcome},
    connection::Connection,
    headers::MessageHeaders,
    log,
};

/// How long a message waits for room in the queue before the caller is told that it is full.
const ROOM_TIMEOUT: Duration = Duration::from_secs(1);
/// What a waiting message takes besides its own bytes: headers and bookkeeping, rounded up.
const OVERHEAD_BYTES: usize = 512;

/// A record to be written.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub topic: &'a str,
    /// Records with the same key go to the same partition, the one that Java clients choose; those without are spread.
    pub key: Option<Cow<'a, [u8]>>,
    pub value: &'a [u8],
    pub headers: MessageHeaders<'a>,
}

/// Where a record lies in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ack {
    pub partition: i32,
    pub offset: i64,
    /// The record's timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: i64,
}

/// Why a message got no ack.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PublishError {
    #[error("too many messages wait for Kafka's acknowledgement")]
    QueueFull,
    /// The record may still have been written, if the broker went away in between.
    #[error("Kafka did not acknowledge in time")]
    NotAcked,
    #[error("the message is larger than Kafka takes")]
    TooLarge,
    #[error("there is no such topic, and Kafka does not make it by itself")]
    UnknownTopic,
    #[error("Kafka refused the message: {0}")]
    Refused(RDKafkaErrorCode),
}

pub type PublishResult = Result<Ack, PublishError>;

/// Writes messages to Kafka. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
    broker: Arc<BrokerProbe>,
}

/// Messages of one call on their way, with the outcome of each.
pub struct PendingAcks {
    acks: Arc<BatchAcks>,
}

struct Shared {
    native: ClientConfig,
    connection: Connection,
    link: RwLock<Arc<Link>>,
    /// Bytes that may still be handed over.
    room: Arc<Semaphore>,
    config: PublisherConfig,
}

/// One librdkafka producer and the thread that takes its delivery reports.
struct Link {
    producer: BaseProducer<Deliveries>,
    closed: AtomicBool,
}

/// Hands delivery reports to whoever waits for them.
struct Deliveries(Connection);

/// Who waits for a delivery report.
enum Waiter {
    One {
        ack: oneshot::Sender<PublishResult>,
        _room: OwnedSemaphorePermit,
    },
    InBatch {
        acks: Arc<BatchAcks>,
        index: usize,
    },
}

struct BatchAcks {
    outcomes: Box<[OnceLock<PublishResult>]>,
    outstanding: AtomicUsize,
    complete: Notify,
    _room: Option<OwnedSemaphorePermit>,
}

impl Publisher {
    /// Connects in the background: a broker that is away is no error, [`Self::broker_state`] tells.
    pub fn new(
        kafka: &KafkaConfig,
        client_id: &str,
        config: PublisherConfig,
    ) -> anyhow::Result<Self> {
        let (client, connection) = kafka.client(client_id)?;
        let native = config.native(client);
        let shared = Arc::new(Shared {
            link: RwLock::new(Link::open(&native, &connection)?),
            room: Arc::new(Semaphore::new(config.queue_bytes)),
            native,
            connection,
            config,
        });
        let weak = Arc::downgrade(&shared);
        let ask = move || weak.upgrade().map_or(Err(None), |shared| shared.probe());
        let broker = BrokerProbe::start(ask).context("cannot start a thread")?;
        Ok(Self {
            shared,
            broker: Arc::new(broker),
        })
    }

    pub fn broker_state(&self) -> watch::Receiver<BrokerState> {
        self.broker.state.clone()
    }

    /// Writes one message and waits for its ack, at most for the configured message timeout.
    pub async fn publish(&self, message: &Message<'_>) -> PublishResult {
        self.refuse_while_away()?;
        let room = self.shared.room(message.size_bytes());
        let room = tokio::time::timeout(ROOM_TIMEOUT, room)
            .await
            .map_err(|_| PublishError::QueueFull)??;
        let (ack, acked) = oneshot::channel();
        let waiter = Box::new(Waiter::One { ack, _room: room });
        let link = Arc::clone(&self.shared.link.read());
        if let Err((error, waiter)) = link.send(message, waiter) {
            waiter.tell(Err(error));
        }
        // A waiter is dropped untold only when librdkafka is torn down.
        acked.await.unwrap_or(Err(PublishError::NotAcked))
    }

    /// Hands over many messages at once and returns as soon as they are on their way; waits while the queue is full.
    pub async fn publish_all(&self, messages: &[Message<'_>]) -> PendingAcks {
        let size_bytes = messages.iter().map(Message::size_bytes).sum();
        let room = match self.refuse_while_away() {
            Ok(()) => self.shared.room(size_bytes).await,
            Err(error) => Err(error),
        };
        let refused = room.as_ref().err().copied();
        let acks = Arc::new(BatchAcks {
            outcomes: messages.iter().map(|_| OnceLock::new()).collect(),
            outstanding: AtomicUsize::new(messages.len()),
            complete: Notify::new(),
            _room: room.ok(),
        });
        let link = Arc::clone(&self.shared.link.read());
        for (index, message) in messages.iter().enumerate() {
            let waiter = Box::new(Waiter::InBatch {
                acks: Arc::clone(&acks),
                index,
            });
            let sent = match refused {
                None => link.send(message, waiter),
                Some(error) => Err((error, waiter)),
            };
            if let Err((error, waiter)) = sent {
                waiter.tell(Err(error));
            }
        }
        PendingAcks { acks }
    }

    /// Waits until everything handed over is acked or `deadline` has passed, then closes the connection.
    pub async fn close(self, deadline: Duration) {
        let link = Arc::clone(&self.shared.link.read());
        // librdkafka's flush blocks, and so does its teardown when the last owner goes.
        let flushed = tokio::task::spawn_blocking(move || {
            let flushed = link.producer.flush(deadline);
            link.closed.store(true, Ordering::Relaxed);
            drop((link, self));
            flushed
        });
        if let Ok(Err(error)) = flushed.await {
            tracing::warn!(%error, "messages without an ack were given up");
        }
    }

    /// When the broker has been away for longer than any message waits, waiting is pointless.
    fn refuse_while_away(&self) -> Result<(), PublishError> {
        match *self.broker.state.borrow() {
            BrokerState::Away { since, .. }
                if since.elapsed() > self.shared.config.message_timeout =>
            {
                Err(PublishError::NotAcked)
            }
            _ => Ok(()),
        }
    }
}

impl PendingAcks {
    /// Waits for every message's outcome; `each` gets them in the order in which they were given.
    pub async fn outcomes(&self) -> impl Iterator<Item = PublishResult> {
        while self.acks.outstanding.load(Ordering::Acquire) > 0 {
            // `notify_one` leaves a permit behind, so an end between the check and the wait is not missed.
            self.acks.complete.notified().await;
        }
        let untold = Err(PublishError::NotAcked);
        self.acks
            .outcomes
            .iter()
            .map(move |outcome| outcome.get().copied().unwrap_or(untold))
    }
}

impl Message<'_> {
    fn size_bytes(&self) -> usize {
        let headers = self.headers.others.iter();
        let header_bytes: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        let key_bytes = self.key.as_deref().map_or(0, <[u8]>::len);
        self.value.len() + key_bytes + header_bytes + OVERHEAD_BYTES
    }
}

impl Shared {
    async fn room(&self, size_bytes: usize) -> Result<OwnedSemaphorePermit, PublishError> {
        // More than everything would wait for ever: such a message takes the whole queue, and Kafka refuses it by itself.
        let size_bytes = size_bytes.min(self.config.queue_bytes);
        let permits = u32::try_from(size_bytes).map_err(|_| PublishError::TooLarge)?;
        Arc::clone(&self.room)
            .acquire_many_owned(permits)
            .await
            .map_err(|_| PublishError::QueueFull)
    }

    /// Whether the broker answers. Replaces a producer that librdkafka has given up for good (a fatal error of the
    /// idempotent producer, such as a log that lost what was acked).
    fn probe(&self) -> Outcome {
        let link = Arc::clone(&self.link.read());
        if let Some((code, reason)) = link.producer.client().fatal_error() {
            tracing::error!(%code, reason, "the Kafka producer failed for good; starting another");
            match Link::open(&self.native, &self.connection) {
                Ok(fresh) => {
                    *self.link.write() = fresh;
                    link.closed.store(true, Ordering::Relaxed);
                }
                Err(error) => tracing::error!(error = format!("{error:#}"), "cannot start another"),
            }
            return Err(None);
        }
        // Without a topic: naming one would create it.
        let metadata = link.producer.client().fetch_metadata(None, ANSWER_TIMEOUT);
        let answers = metadata.is_ok_and(|metadata| !metadata.brokers().is_empty());
        self.connection.outcome(answers)
    }
}

impl Link {
    fn open(config: &ClientConfig, connection: &Connection) -> anyhow::Result<Arc<Self>> {
        let producer = config
            .create_with_context(Deliveries(connection.clone()))
            .context("the Kafka settings are not valid")?;
        let link = Arc::new(Self {
            producer,
            closed: AtomicBool::new(false),
        });
        let polled = Arc::clone(&link);
        thread::Builder::new()
            .name("kafka-acks".to_owned())
            .spawn(move || {
                while !polled.closed.load(Ordering::Relaxed) {
                    polled.producer.poll(Duration::from_millis(100));
                }
            })
            .context("cannot start a thread")?;
        Ok(link)
    }

    fn send(
        &self,
        message: &Message<'_>,
        waiter: Box<Waiter>,
    ) -> Result<(), (PublishError, Box<Waiter>)> {
        let mut record = BaseRecord::with_opaque_to(message.topic, waiter)
            .payload(message.value)
            .timestamp(message.headers.accepted_at.as_millis())
            .headers(message.headers.to_native());
        record.key = message.key.as_deref();
        self.producer
            .send(record)
            .map_err(|(error, record)| (error.into(), record.delivery_opaque))
    }
}

impl ClientContext for Deliveries {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log::forward(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(&error, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.0.token()
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Waiter>;

    fn delivery(&self, report: &DeliveryResult<'_>, waiter: Box<Waiter>) {
        waiter.tell(match report {
            Ok(record) => Ok(Ack {
                partition: record.partition(),
                offset: record.offset(),
                timestamp_ms: record.timestamp().to_millis().unwrap_or(-1),
            }),
            Err((error, _)) => Err(error.clone().into()),
        });
    }
}

impl Waiter {
    fn tell(self, outcome: PublishResult) {
        match self {
            // Nobody there any more: the caller has gone, its message has not.
            Self::One { ack, .. } => drop(ack.send(outcome)),
            Self::InBatch { acks, index } => {
                // Told once: librdkafka reports each message once.
                let _ = acks.outcomes[index].set(outcome);
                if acks.outstanding.fetch_sub(1, Ordering::AcqRel) == 1 {
                    acks.complete.notify_one();
                }
            }
        }
    }
}

impl From<KafkaError> for PublishError {
    fn from(error: KafkaError) -> Self {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code().unwrap_or(Code::Fail) {
            Code::QueueFull => Self::QueueFull,
            Code::MessageTimedOut
            | Code::RequestTimedOut
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::PurgeQueue
            | Code::PurgeInflight
            | Code::NotEnoughReplicas
            | Code::NotEnoughReplicasAfterAppend
            | Code::Fatal => Self::NotAcked,
            Code::MessageSizeTooLarge => Self::TooLarge,
            Code::UnknownTopic | Code::UnknownTopicOrPartition => Self::UnknownTopic,
            code => Self::Refused(code),
        }
    }
}
