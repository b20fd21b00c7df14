//! Everything that is in the log now, for an index that is made anew.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use bus::{Admin, BrokerState, KafkaConfig, Tail, TailItem, TailOptions, TailStart};
use contract::Position;
use futures::{StreamExt, stream};
use tokio::sync::watch;

use crate::{
    config::IntakeConfig,
    index::{Log, LogBatch},
    intake::{self, Learned},
};

/// Records that are embedded and stored together.
const BATCH_MAX: usize = 256;
/// How long a broker that answers may have nothing more before the end counts as reached: the last offsets of a log need
/// not be records (the ends of transactions are not).
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A reader of what was in the log when it was made.
struct Backlog {
    tail: Tail<Learned>,
    broker: watch::Receiver<BrokerState>,
    config: IntakeConfig,
    /// The offset before which each partition is read.
    ends: HashMap<(Arc<str>, i32), i64>,
}

/// From the first record of each topic that is learned to the last one now.
pub(crate) async fn read(
    kafka: &KafkaConfig,
    config: &IntakeConfig,
    admin: &Admin,
) -> anyhow::Result<Log> {
    let selection = config.selection()?;
    let topics = admin.topics().await.context("cannot list the topics")?;
    let (mut ends, mut records_total) = (HashMap::new(), 0);
    for topic in topics {
        if !selection.contains(&topic.name) || !config.learns(&topic.name) {
            continue;
        }
        let name: Arc<str> = topic.name.into();
        for partition in topic.partitions {
            let count = partition.next_offset - partition.first_offset;
            if count > 0 {
                let place = (Arc::clone(&name), partition.partition);
                ends.insert(place, partition.next_offset);
                records_total += count.unsigned_abs();
            }
        }
    }
    let options = TailOptions {
        client_id: "kafkloud-seer-reindex",
        batch_max: BATCH_MAX,
        ahead_kbytes: 4 * 1024,
        start: TailStart::At(Position::Earliest),
    };
    let backlog = Backlog {
        tail: Tail::start(kafka, options, selection, intake::learn)?,
        broker: admin.broker_state(),
        config: config.clone(),
        ends,
    };
    let batches = stream::try_unfold(backlog, |mut backlog| async move {
        let batch = backlog.next().await?;
        Ok(batch.map(|batch| (batch, backlog)))
    });
    Ok(Log {
        records_total,
        batches: batches.boxed(),
    })
}

impl Backlog {
    /// The next records; `None` when everything that was there has been read.
    async fn next(&mut self) -> anyhow::Result<Option<LogBatch>> {
        while !self.ends.is_empty() {
            let item = match tokio::time::timeout(IDLE_TIMEOUT, self.tail.recv()).await {
                Err(_) if *self.broker.borrow() == BrokerState::Up => break,
                Err(_) => continue,
                Ok(None) => bail!("reading from Kafka has ended"),
                Ok(Some(item)) => item,
            };
            if let TailItem::Records(records) = item {
                return Ok(Some(self.batch(records)));
            }
        }
        Ok(None)
    }

    fn batch(&mut self, records: Vec<Learned>) -> LogBatch {
        let mut batch = LogBatch {
            documents: Vec::with_capacity(records.len()),
            records: 0,
        };
        for learned in records {
            let place = (Arc::clone(&learned.topic), learned.document.partition);
            let Some(end) = self.ends.get(&place).copied() else {
                continue;
            };
            let offset = learned.document.offset;
            if offset < end {
                batch.records += 1;
                if learned.not_text.is_none() && self.config.learns(&learned.topic) {
                    batch.documents.push(learned.document);
                }
            }
            if offset + 1 >= end {
                self.ends.remove(&place);
            }
        }
        batch
    }
}
