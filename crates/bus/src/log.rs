//! librdkafka's own messages, as lines of the service's log.

use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
};

pub(crate) fn forward(level: RDKafkaLogLevel, facility: &str, message: &str) {
    use RDKafkaLogLevel::{Alert, Critical, Emerg, Error, Notice, Warning};
    match level {
        Emerg | Alert | Critical => tracing::error!(target: "librdkafka", facility, "{message}"),
        // One line per failed connection attempt: the watch of the broker says it once.
        Error | Warning | Notice => tracing::debug!(target: "librdkafka", facility, "{message}"),
        _ => tracing::trace!(target: "librdkafka", facility, "{message}"),
    }
}

pub(crate) fn client_error(error: &KafkaError, reason: &str) {
    tracing::debug!(target: "librdkafka", %error, reason, "client error");
}

/// The context of clients that need nothing else.
pub(crate) struct LogContext;

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        forward(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        client_error(&error, reason);
    }
}

impl ConsumerContext for LogContext {}
