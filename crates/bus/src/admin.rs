//! Questions to the broker and changes to it: topics, groups, single records. Each answer comes within a bounded time.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use parking_lot::Mutex;
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};

use tokio::sync::watch;

use crate::{
    BrokerState, KafkaConfig, Trouble,
    broker_state::{ANSWER_TIMEOUT, BrokerProbe, Outcome},
    connection::{Connection, PlainContext},
    native,
};

mod groups;
mod internal;
mod ranges;
mod record;
mod reset;
mod topics;

pub use ranges::{RangeReader, ReadFrom, ReadLimits, RecordRange};

/// How long one question may take; an answer that needs several takes a few times as long at most.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Why the broker did not do it. The text says what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AdminError {
    #[error("there is no topic “{0}”")]
    UnknownTopic(String),
    #[error("topic “{topic}” has no partition {partition}")]
    UnknownPartition { topic: String, partition: i32 },
    #[error("the log holds offsets {first} to {} now", next - 1)]
    OutOfRange { first: i64, next: i64 },
    #[error(
        "no record has this offset: it was compacted away, or it marks the end of a transaction"
    )]
    NoRecord,
    #[error("topic “{0}” exists already")]
    TopicExists(String),
    #[error("there is no consumer group “{0}”")]
    UnknownGroup(String),
    #[error("consumer group “{group}” has members: {members}")]
    GroupInUse { group: String, members: String },
    #[error(
        "consumer group “{0}” has committed no offset: name the topics or partitions to begin in"
    )]
    NothingCommitted(String),
    #[error("{0}")]
    Invalid(String),
    #[error("the broker refused: {0}")]
    Refused(String),
    #[error("Kafka does not answer: {0}")]
    Unavailable(String),
    #[error("Kafka cannot be used: {0}")]
    Barred(Trouble),
}

/// Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Admin {
    shared: Arc<Shared>,
    broker: Arc<BrokerProbe>,
}

struct Shared {
    kafka: KafkaConfig,
    client_id: &'static str,
    /// Answers questions about metadata, offsets and groups. Not a member of any group.
    reader: BaseConsumer<PlainContext>,
    admin: AdminClient<PlainContext>,
    connection: Connection,
    /// When the token of `admin` has to be replaced; the clients that are polled get theirs by themselves.
    token_due: Mutex<Option<SystemTime>>,
}

impl Admin {
    /// Connects in the background: a broker that is away is no error, [`Self::broker_state`] tells.
    pub fn new(kafka: &KafkaConfig, client_id: &'static str) -> anyhow::Result<Self> {
        let (config, connection) = kafka.client(client_id)?;
        let context = || PlainContext(connection.clone());
        let shared = Arc::new(Shared {
            kafka: kafka.clone(),
            client_id,
            reader: config.create_with_context(context())?,
            admin: config.create_with_context(context())?,
            token_due: Mutex::default(),
            connection,
        });
        let weak = Arc::downgrade(&shared);
        let ask = move || weak.upgrade().map_or(Err(None), |shared| shared.ask());
        let broker = BrokerProbe::start(ask).context("cannot start a thread")?;
        Ok(Self {
            shared,
            broker: Arc::new(broker),
        })
    }

    pub fn broker_state(&self) -> watch::Receiver<BrokerState> {
        self.broker.state.clone()
    }

    /// Runs librdkafka's blocking calls where they block nobody.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared).map_err(|error| shared.explain(error)))
            .await
            .unwrap_or_else(|error| Err(AdminError::Unavailable(error.to_string())))
    }
}

impl Shared {
    fn ask(&self) -> Outcome {
        self.serve_events();
        self.renew_token();
        let name = Some(contract::topic::DEFAULT);
        let answers = self.reader.fetch_metadata(name, ANSWER_TIMEOUT).is_ok();
        // Why it does not.
        self.serve_events();
        self.connection.outcome(answers)
    }

    /// The client's log and errors and its wish for a token, which nobody else polls for.
    fn serve_events(&self) {
        // A poll without any time would end at the first line of the log.
        while self.reader.poll(Duration::from_millis(1)).is_some() {}
    }

    /// rdkafka polls nothing that would ask for this client's token.
    fn renew_token(&self) {
        let mut due = self.token_due.lock();
        let now = SystemTime::now();
        if !self.connection.needs_tokens() || due.is_some_and(|due| now < due) {
            return;
        }
        let token = match self.connection.token() {
            Ok(token) => token,
            Err(error) => {
                tracing::debug!(%error, "no token for Kafka");
                return;
            }
        };
        let until = UNIX_EPOCH + Duration::from_millis(token.lifetime_ms.unsigned_abs());
        match native::set_token(self.admin.inner(), &token) {
            // With time left to ask again.
            Ok(()) => *due = Some(now + until.duration_since(now).unwrap_or_default() * 4 / 5),
            Err(error) => tracing::warn!(%error, "cannot use the token for Kafka"),
        }
    }

    /// The reason why there was no answer, where Kafka told one.
    fn explain(&self, error: AdminError) -> AdminError {
        match (&error, self.connection.trouble()) {
            (AdminError::Unavailable(_), Some(trouble)) => AdminError::Barred(trouble),
            _ => error,
        }
    }
}

impl From<KafkaError> for AdminError {
    fn from(error: KafkaError) -> Self {
        let code = match &error {
            KafkaError::AdminOp(code) => Some(*code),
            // librdkafka itself does not take what was asked for.
            KafkaError::AdminOpCreation(reason) => return Self::Invalid(reason.clone()),
            error => error.rdkafka_error_code(),
        };
        match code {
            Some(code) => refusal(code),
            None => Self::Unavailable(error.to_string()),
        }
    }
}

/// What an error code means when nothing more is known about it.
fn refusal(code: RDKafkaErrorCode) -> AdminError {
    use RDKafkaErrorCode::{
        AllBrokersDown, BrokerTransportFailure, InvalidConfig, InvalidPartitions,
        InvalidReplicationFactor, OperationTimedOut, PolicyViolation, RequestTimedOut, Resolve,
        TimedOutQueue,
    };
    let invalid = |words: &str| AdminError::Invalid(words.to_owned());
    match code {
        InvalidPartitions => invalid(
            "the broker does not take so many partitions: give at least 1, and fewer than it has room for",
        ),
        InvalidReplicationFactor => invalid(
            "the broker does not take so many copies: give at least 1, and no more than there are brokers",
        ),
        InvalidConfig => invalid(
            "a setting, or its value, is none that the broker takes: another topic's configuration shows their names",
        ),
        PolicyViolation => invalid("the broker's policy does not allow it: ask for less"),
        AllBrokersDown
        | BrokerTransportFailure
        | OperationTimedOut
        | RequestTimedOut
        | Resolve
        | TimedOutQueue => AdminError::Unavailable(code.to_string()),
        code => AdminError::Refused(code.to_string()),
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(TIMEOUT))
        // Until the change is visible on the broker that answers.
        .operation_timeout(Some(TIMEOUT))
}
