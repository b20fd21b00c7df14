use std::{sync::Arc, time::Instant};

use contract::record::RecordView;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use tokio::sync::oneshot;

use super::{Admin, AdminError, Shared, TIMEOUT};
use crate::{RecordRef, log::LogContext};

impl Admin {
    /// The record at one place of the log.
    pub async fn record(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<RecordView, AdminError> {
        let (sender, answer) = oneshot::channel();
        let (shared, topic) = (Arc::clone(&self.shared), topic.to_owned());
        // Answers through a channel: freeing the client takes longer than the answer.
        tokio::task::spawn_blocking(move || {
            let reader = match shared.reader_at(&topic, partition, offset) {
                Ok(reader) => reader,
                Err(error) => return drop(sender.send(Err(error))),
            };
            // Nobody to tell when the caller has gone.
            let _ = sender.send(read(&reader, &Arc::from(topic), offset));
        });
        answer
            .await
            .unwrap_or_else(|_| Err(AdminError::Unavailable("reading was cut off".to_owned())))
    }
}

impl Shared {
    /// A client that is about to read one record, once it is known that the log can have it.
    fn reader_at(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<BaseConsumer<LogContext>, AdminError> {
        let view = self.topic(topic)?;
        let range = view
            .partitions
            .iter()
            .find(|found| found.partition == partition)
            .map(|found| (found.first_offset, found.next_offset))
            .ok_or_else(|| AdminError::UnknownPartition {
                topic: topic.to_owned(),
                partition,
            })?;
        let (first, next) = range;
        if !(first..next).contains(&offset) {
            return Err(AdminError::OutOfRange { first, next });
        }
        let reader: BaseConsumer<LogContext> = self
            .kafka
            .client(self.client_id)
            // librdkafka wants a name to assign partitions; the group is never joined.
            .set("group.id", format!("{}-reader", self.client_id))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            // One record is wanted, not the megabytes after it.
            .set("fetch.message.max.bytes", "65536")
            .set("queued.min.messages", "1")
            .create_with_context(LogContext)?;
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        reader.assign(&assignment)?;
        Ok(reader)
    }
}

fn read(
    reader: &BaseConsumer<LogContext>,
    topic: &Arc<str>,
    offset: i64,
) -> Result<RecordView, AdminError> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now());
        match reader.poll(remaining) {
            Some(Ok(message)) if message.offset() == offset => {
                return Ok(RecordRef::new(&message, topic).view());
            }
            // The next record there is lies further on.
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Err(AdminError::NoRecord),
            // Connecting is retried until the deadline.
            Some(Err(error)) => tracing::debug!(%error, "cannot read for now"),
            None if remaining.is_zero() => {
                return Err(AdminError::Unavailable("no record in time".to_owned()));
            }
            None => {}
        }
    }
}
