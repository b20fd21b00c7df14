//! What the connections of a client need and tell, whatever the client is for.

use std::{error::Error, sync::Arc};

use parking_lot::Mutex;
use rdkafka::{
    client::{ClientContext, OAuthToken},
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::KafkaError,
};

use crate::{log, tokens::TokenSource, trouble::Trouble};

/// All clones are one.
#[derive(Clone, Default)]
pub(crate) struct Connection {
    tokens: Option<Arc<TokenSource>>,
    /// Why Kafka lets nobody in, as far as it said so since it last did.
    trouble: Arc<Mutex<Option<Trouble>>>,
}

impl Connection {
    pub(crate) fn new(tokens: Option<TokenSource>) -> Self {
        Self {
            tokens: tokens.map(Arc::new),
            trouble: Arc::default(),
        }
    }

    /// What is known of why Kafka does not answer; forgotten when it does.
    pub(crate) fn outcome(&self, answers: bool) -> Result<(), Option<Trouble>> {
        let mut trouble = self.trouble.lock();
        if answers {
            *trouble = None;
            return Ok(());
        }
        Err(*trouble)
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        *self.trouble.lock()
    }

    /// A client's error callback.
    pub(crate) fn error(&self, error: &KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason, "client error");
        let code = error.rdkafka_error_code();
        let Some(trouble) = code.and_then(|code| Trouble::of(code, reason)) else {
            return;
        };
        let before = self.trouble.lock().replace(trouble);
        // Once, not with each attempt to connect.
        if before != Some(trouble) {
            tracing::error!(reason, "cannot connect to Kafka: {trouble}");
        }
    }

    /// A client's callback for tokens.
    pub(crate) fn token(&self) -> Result<OAuthToken, Box<dyn Error>> {
        match &self.tokens {
            Some(tokens) => tokens.fetch(),
            None => Err("no token is needed".into()),
        }
    }

    pub(crate) fn needs_tokens(&self) -> bool {
        self.tokens.is_some()
    }
}

/// The context of clients that need nothing else.
pub(crate) struct PlainContext(pub(crate) Connection);

impl ClientContext for PlainContext {
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

impl ConsumerContext for PlainContext {}
