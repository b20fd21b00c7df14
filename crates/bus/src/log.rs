//! librdkafka's own messages, as lines of the service's log.

use rdkafka::config::RDKafkaLogLevel;

pub(crate) fn forward(level: RDKafkaLogLevel, facility: &str, message: &str) {
    use RDKafkaLogLevel::{Alert, Critical, Emerg, Error, Notice, Warning};
    match level {
        Emerg | Alert | Critical => tracing::error!(target: "librdkafka", facility, "{message}"),
        // One line per failed connection attempt: the watch of the broker says it once.
        Error | Warning | Notice => tracing::debug!(target: "librdkafka", facility, "{message}"),
        _ => tracing::trace!(target: "librdkafka", facility, "{message}"),
    }
}
