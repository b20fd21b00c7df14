//! What users tell the seer, on its way to Kafka: statements and files become records on `seer-statement`, and are
//! learned from there like those of any other client.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::http::{HeaderMap, StatusCode};
use bus::{Ack, BrokerState, Message, MessageHeaders, PublishError, Publisher};
use contract::{MessageId, Receipt, Timestamp, TraceParent, header, topic};
use metrics::Counter;
use service::{ApiProblem, ApiResult, CancellationToken};
use tokio::sync::Semaphore;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::routes::{accept, load};

/// Uploads that are read at once; each has a thread, and a few of its formats are read as a whole.
const LOADS_MAX: usize = 4;

/// What is taken from those who teach.
#[derive(Clone, Debug, clap::Args)]
pub struct TeachConfig {
    /// Base of the status URL in receipts, as callers reach it [default: CONSUMER_URL followed by /status]
    #[arg(long, env = "PUBLIC_STATUS_URL", value_name = "URL")]
    pub public_status_url: Option<String>,
    /// Largest statement, and largest record of a loaded file. Kafka's limit for a record leaves room for key and headers
    #[arg(
        long,
        env = "SEER_STATEMENT_LIMIT",
        value_name = "BYTES",
        default_value_t = 1_000_000
    )]
    pub statement_bytes_max: usize,
    /// Largest upload, all its files together
    #[arg(
        long,
        env = "SEER_LOAD_LIMIT",
        value_name = "BYTES",
        default_value_t = 64 * 1024 * 1024
    )]
    pub load_bytes_max: usize,
}

/// What the routes for teaching share.
pub struct Teacher {
    pub(crate) publisher: Publisher,
    pub(crate) config: TeachConfig,
    /// The base of status URLs, without a slash at its end.
    status_url: String,
    /// Room for uploads.
    pub(crate) loads: Arc<Semaphore>,
    /// Messages acknowledged by Kafka.
    pub(crate) taught: Counter,
    /// Uploads end with it.
    pub(crate) stop: CancellationToken,
}

/// A message when it is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) id: MessageId,
    at: Timestamp,
    trace: TraceParent,
    started: Instant,
}

/// `POST /accept` and `POST /load`.
pub fn routes(teacher: Arc<Teacher>) -> OpenApiRouter {
    let limit = axum::extract::DefaultBodyLimit::max;
    let (statement_limit, load_limit) = (
        limit(teacher.config.statement_bytes_max),
        limit(teacher.config.load_bytes_max),
    );
    let accept = OpenApiRouter::new()
        .routes(routes!(accept::accept))
        .layer(statement_limit);
    let load = OpenApiRouter::new()
        .routes(routes!(load::load))
        .layer(load_limit);
    accept.merge(load).with_state(teacher)
}

impl Teacher {
    pub fn new(
        publisher: Publisher,
        config: TeachConfig,
        consumer_url: &url::Url,
        stop: CancellationToken,
    ) -> Arc<Self> {
        metrics::describe_counter!(
            "seer_taught_total",
            "Statements and parts of files acknowledged by Kafka"
        );
        let status_url = match &config.public_status_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("{}/status", consumer_url.as_str().trim_end_matches('/')),
        };
        Arc::new(Self {
            publisher,
            config,
            status_url,
            loads: Arc::new(Semaphore::new(LOADS_MAX)),
            taught: metrics::counter!("seer_taught_total"),
            stop,
        })
    }

    /// Says at once that Kafka is away instead of letting the caller wait for a timeout.
    pub(crate) fn require_kafka(&self) -> ApiResult<()> {
        match *self.publisher.broker_state().borrow() {
            BrokerState::Away { .. } => Err(self.problem(PublishError::NotAcked)),
            BrokerState::Starting | BrokerState::Up => Ok(()),
        }
    }

    pub(crate) fn receipt(&self, taken: &Taken, ack: Ack) -> Receipt {
        Receipt {
            id: taken.id,
            topic: topic::SEER_STATEMENT.to_owned(),
            partition: ack.partition,
            offset: ack.offset,
            timestamp: ack.timestamp_ms,
            trace_id: taken.trace.trace_id_text(),
            status: format!("{}/{}", self.status_url, taken.id),
            took_us: u64::try_from(taken.started.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn problem(&self, error: PublishError) -> ApiProblem {
        match error {
            PublishError::QueueFull => ApiProblem::unavailable(
                "queue-full",
                "Too many messages wait for Kafka",
                "Send it again a little later.",
            ),
            PublishError::NotAcked => ApiProblem::unavailable(
                "kafka-away",
                "Kafka did not acknowledge the message",
                "Kafka is away or too slow; /readyz tells when it is back. It may have been written all the same.",
            ),
            PublishError::TooLarge => ApiProblem::too_large(self.config.statement_bytes_max),
            PublishError::UnknownTopic => ApiProblem::not_found(
                "unknown-topic",
                "There is no topic for statements",
                "Kafka does not create topics by itself here: create it first, with `kafkloud topics create seer-statement`.",
            ),
            PublishError::Refused(code) => ApiProblem::new(
                StatusCode::BAD_GATEWAY,
                "kafka-refused",
                "Kafka refused the message",
                format!("Kafka says: {code}"),
            ),
        }
    }
}

impl Taken {
    /// One more message of the caller's trace, with a span of its own.
    pub(crate) fn now(trace: TraceParent) -> Self {
        Self {
            id: MessageId(Uuid::now_v7()),
            at: SystemTime::now().into(),
            trace: TraceParent {
                span_id: fastrand::u64(1..),
                ..trace
            },
            started: Instant::now(),
        }
    }

    pub(crate) fn message<'a>(
        &self,
        key: Option<&'a [u8]>,
        value: &'a [u8],
        content_type: Option<&'a [u8]>,
    ) -> Message<'a> {
        Message {
            topic: topic::SEER_STATEMENT,
            key: key.map(Cow::Borrowed),
            value,
            headers: MessageHeaders {
                id: self.id,
                accepted_at: self.at,
                trace: self.trace,
                content_type,
                others: &[],
            },
        }
    }
}

/// The caller's trace, or a new one.
pub(crate) fn trace_of(headers: &HeaderMap) -> TraceParent {
    let parent = headers
        .get(header::TRACEPARENT)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    parent.unwrap_or_else(|| TraceParent {
        trace_id: fastrand::u128(1..),
        span_id: 0,
        sampled: true,
    })
}
