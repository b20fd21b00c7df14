//! One viewer's stream of records: first from Kafka itself as far as it asked to go back, then from the hub with all
//! others.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bus::{Tail, TailItem, TopicSelection};
use contract::record::RecordView;
use tokio::sync::{OwnedSemaphorePermit, broadcast::error::RecvError};

use crate::{
    hub::{Hub, LiveViewer, Positions},
    resume,
};

/// A reader of old records that finds nothing for so long has caught up, but for a record just being written.
const QUIET: Duration = Duration::from_millis(250);
/// Quiet spells after which a partition's end counts as reached although no record stands right before it: the marks of
/// transactions take up offsets, and compaction leaves gaps.
const QUIET_SPELLS_MAX: u32 = 8;

pub(crate) struct Viewer {
    pub(crate) topics: TopicSelection,
    /// The next offset of each partition for this viewer.
    pub(crate) positions: Positions,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    History(Box<History>),
    Live(LiveViewer),
}

pub(crate) struct History {
    tail: Tail<RecordView>,
    buffer: VecDeque<RecordView>,
    hub: Arc<Hub>,
    /// Taken before the last old records are read, so that none falls between.
    next: Option<LiveViewer>,
    /// Since the place was taken.
    quiet_spells: u32,
    _room: OwnedSemaphorePermit,
}

pub(crate) enum Seen {
    Record(Arc<RecordView>),
    /// The viewer was too slow for so many records.
    Missed(u64),
}

impl Viewer {
    /// The next thing to show; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Seen> {
        loop {
            let seen = match &mut self.source {
                Source::History(history) => {
                    match history.next(&self.topics, &mut self.positions).await? {
                        Step::Record(record) => Seen::Record(Arc::new(record)),
                        Step::CaughtUp(live) => {
                            self.source = Source::Live(live);
                            continue;
                        }
                    }
                }
                Source::Live(live) => match live.feed.recv().await {
                    Ok(record) if self.is_new(&record) => Seen::Record(record),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(missed)) => Seen::Missed(missed),
                    Err(RecvError::Closed) => return None,
                },
            };
            if let Seen::Record(record) = &seen {
                resume::advance(&mut self.positions, record);
            }
            return Some(seen);
        }
    }

    /// Whether a live record is for this viewer, and not one that it read as an old one already.
    fn is_new(&self, record: &RecordView) -> bool {
        let partition = (Arc::from(record.topic.as_str()), record.partition);
        self.topics.contains(&record.topic)
            && self
                .positions
                .get(&partition)
                // An offset far back means that the topic was made anew.
                .is_none_or(|next| record.offset >= *next || record.offset == 0)
    }
}

enum Step {
    Record(RecordView),
    CaughtUp(LiveViewer),
}

impl History {
    pub(crate) fn new(tail: Tail<RecordView>, hub: Arc<Hub>, room: OwnedSemaphorePermit) -> Self {
        Self {
            tail,
            buffer: VecDeque::new(),
            hub,
            next: None,
            quiet_spells: 0,
            _room: room,
        }
    }

    async fn next(&mut self, topics: &TopicSelection, positions: &mut Positions) -> Option<Step> {
        loop {
            if let Some(record) = self.buffer.pop_front() {
                return Some(Step::Record(record));
            }
            if let Some(live) = self.next.take_if(|live| {
                self.quiet_spells >= QUIET_SPELLS_MAX || has_reached(positions, &live.positions)
            }) {
                return Some(Step::CaughtUp(live));
            }
            match tokio::time::timeout(QUIET, self.tail.recv()).await {
                Ok(Some(TailItem::Records(records))) => self.buffer.extend(records),
                Ok(Some(TailItem::Reading(reading))) => {
                    for (topic, partition, offset) in reading.partitions {
                        positions.insert((topic, partition), offset);
                    }
                }
                Ok(None) => return None,
                Err(_) if self.next.is_some() => self.quiet_spells += 1,
                Err(_) => self.join(topics).await,
            }
        }
    }

    /// Takes a place at the hub; when it cannot be had, this reader just goes on.
    async fn join(&mut self, topics: &TopicSelection) {
        match self.hub.join(topics.clone()).await {
            Ok(live) => {
                self.next = live;
                self.quiet_spells = 0;
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "cannot join the live reader")
            }
        }
    }
}

fn has_reached(positions: &Positions, ends: &Positions) -> bool {
    ends.iter()
        .all(|(partition, end)| positions.get(partition).is_some_and(|next| next >= end))
}
