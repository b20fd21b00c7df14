//! What the broker counts, through the `metrics` facade of the process it runs in.

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

/// Handles, resolved once: looking a counter up by name is too slow for every request.
pub(crate) struct Meters {
    pub(crate) connections: Gauge,
    pub(crate) requests: Counter,
    pub(crate) records_in: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        describe_gauge!("streamer_connections", "Client connections that are open");
        describe_counter!("streamer_requests_total", "Requests answered");
        describe_counter!("streamer_records_in_total", "Records appended to the log");
        describe_counter!(
            "streamer_bytes_in_total",
            "Bytes of record batches appended to the log"
        );
        describe_counter!(
            "streamer_bytes_out_total",
            "Bytes of record batches sent to consumers"
        );
        Meters {
            connections: gauge!("streamer_connections"),
            requests: counter!("streamer_requests_total"),
            records_in: counter!("streamer_records_in_total"),
            bytes_in: counter!("streamer_bytes_in_total"),
            bytes_out: counter!("streamer_bytes_out_total"),
        }
    }
}
