//! One Kafka reader for all who watch records live. It starts with the first viewer, reads only topics that somebody
//! watches, and stops after the last.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bus::{KafkaConfig, RecordRef, Tail, TailItem, TailOptions, TailStart, TopicSelection};
use contract::{Position, record::RecordView};
use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Records that a viewer may be behind before it misses some.
const CAPACITY: usize = 1024;
/// How long joining may take; a broker that answers needs a few milliseconds.
const JOIN_TIMEOUT: Duration = Duration::from_secs(3);

/// The next offset of each partition.
pub(crate) type Positions = BTreeMap<(Arc<str>, i32), i64>;

pub(crate) struct Hub {
    kafka: KafkaConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    viewers: HashMap<u64, TopicSelection>,
    next_viewer: u64,
    reader: Option<Reader>,
}

/// The reader while there are viewers.
struct Reader {
    feed: broadcast::Sender<Arc<RecordView>>,
    positions: Positions,
    selection: watch::Sender<(TopicSelection, u64)>,
    /// The version of the selection that is read by now.
    applied: watch::Sender<u64>,
    _running: DropGuard,
}

/// A viewer of the hub: its records from `positions` on, until it is dropped.
pub(crate) struct LiveViewer {
    pub(crate) feed: broadcast::Receiver<Arc<RecordView>>,
    pub(crate) positions: Positions,
    _seat: Seat,
}

/// A viewer's place in the hub.
struct Seat {
    hub: Arc<Hub>,
    viewer: u64,
}

impl Hub {
    pub(crate) fn new(kafka: KafkaConfig) -> Arc<Self> {
        Arc::new(Self {
            kafka,
            state: Mutex::default(),
        })
    }

    /// Joins at the end of all partitions of `topics`. `None` when Kafka does not answer in time.
    pub(crate) async fn join(
        self: &Arc<Self>,
        topics: TopicSelection,
    ) -> anyhow::Result<Option<LiveViewer>> {
        let (seat, mut applied, version) = self.take_seat(topics.clone())?;
        let reached = applied.wait_for(|applied| *applied >= version);
        // An error means that the reader ended, which it does only without viewers.
        let Ok(Ok(_)) = tokio::time::timeout(JOIN_TIMEOUT, reached).await else {
            return Ok(None);
        };
        // Positions and feed change together, under the lock: what comes after the one is in the other.
        let joined = self.state.lock().reader.as_ref().map(|reader| {
            let positions = reader.positions.iter();
            let positions = positions.filter(|((topic, _), _)| topics.contains(topic));
            let positions = positions.map(|(partition, offset)| (partition.clone(), *offset));
            (reader.feed.subscribe(), positions.collect())
        });
        Ok(joined.map(|(feed, positions)| LiveViewer {
            feed,
            positions,
            _seat: seat,
        }))
    }

    fn take_seat(
        self: &Arc<Self>,
        topics: TopicSelection,
    ) -> anyhow::Result<(Seat, watch::Receiver<u64>, u64)> {
        let mut state = self.state.lock();
        let viewer = state.next_viewer;
        state.next_viewer += 1;
        let all = union(state.viewers.values().chain([&topics]));
        if state.reader.is_none() {
            state.reader = Some(self.start(all.clone())?);
        }
        state.viewers.insert(viewer, topics);
        let reader = state.reader.as_ref().context("the reader was started")?;
        let version = reader.select(all);
        let applied = reader.applied.subscribe();
        metrics::gauge!("consumer_live_viewers").increment(1.0);
        let seat = Seat {
            hub: Arc::clone(self),
            viewer,
        };
        Ok((seat, applied, version))
    }

    fn start(self: &Arc<Self>, topics: TopicSelection) -> anyhow::Result<Reader> {
        let options = TailOptions {
            client_id: "kafkloud-consumer-live",
            batch_max: CAPACITY / 4,
            ahead_kbytes: 8 * 1024,
            start: TailStart::At(Position::Latest),
        };
        let tail = Tail::start(&self.kafka, options, topics.clone(), view)?;
        let stop = CancellationToken::new();
        let (selection, selected) = watch::channel((topics, 0));
        let pumped = pump(tail, Arc::clone(self), selected, stop.clone());
        tokio::spawn(async {
            let readers = metrics::gauge!("consumer_live_readers");
            readers.increment(1.0);
            pumped.await;
            readers.decrement(1.0);
        });
        Ok(Reader {
            feed: broadcast::channel(CAPACITY).0,
            positions: Positions::new(),
            selection,
            applied: watch::channel(0).0,
            _running: stop.drop_guard(),
        })
    }
}

impl Reader {
    /// Reads `topics` from now on; returns the version to wait for.
    fn select(&self, topics: TopicSelection) -> u64 {
        let mut version = 0;
        self.selection.send_if_modified(|current| {
            let changed = current.0 != topics || current.1 == 0;
            if changed {
                *current = (topics, current.1 + 1);
            }
            version = current.1;
            changed
        });
        version
    }
}

fn view(record: &RecordRef<'_>) -> RecordView {
    record.view()
}

/// Moves records from Kafka to the viewers.
async fn pump(
    mut tail: Tail<RecordView>,
    hub: Arc<Hub>,
    mut selected: watch::Receiver<(TopicSelection, u64)>,
    stop: CancellationToken,
) {
    loop {
        let item = tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = selected.changed() => {
                let (topics, version) = selected.borrow_and_update().clone();
                tail.select(topics, version);
                continue;
            }
            item = tail.recv() => item,
        };
        let Some(item) = item else {
            tracing::error!("the live reader has ended");
            return;
        };
        let mut state = hub.state.lock();
        // Under the lock: a reader that was stopped and started again meanwhile has another pump.
        if stop.is_cancelled() {
            return;
        }
        if let Some(reader) = &mut state.reader {
            reader.take(item);
        }
    }
}

impl Reader {
    fn take(&mut self, item: TailItem<RecordView>) {
        match item {
            TailItem::Reading(reading) => {
                for (topic, partition, offset) in reading.partitions {
                    self.positions.insert((topic, partition), offset);
                }
                self.applied.send_replace(reading.version);
            }
            TailItem::Records(records) => {
                for record in records {
                    let partition = (Arc::from(record.topic.as_str()), record.partition);
                    self.positions.insert(partition, record.offset + 1);
                    // An error means that no viewer has subscribed yet.
                    let _ = self.feed.send(Arc::new(record));
                }
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("consumer_live_viewers").decrement(1.0);
        let mut state = self.hub.state.lock();
        state.viewers.remove(&self.viewer);
        if state.viewers.is_empty() {
            state.reader = None;
        } else if let Some(reader) = &state.reader {
            reader.select(union(state.viewers.values()));
        }
    }
}

/// What all viewers together want to see.
fn union<'a>(selections: impl Iterator<Item = &'a TopicSelection>) -> TopicSelection {
    let mut all_users = false;
    let mut names = Vec::new();
    for selection in selections {
        match selection {
            TopicSelection::UsersAnd(more) => {
                all_users = true;
                names.extend_from_slice(more);
            }
            TopicSelection::Named(more) => names.extend_from_slice(more),
        }
    }
    names.sort_unstable();
    names.dedup();
    if all_users {
        TopicSelection::UsersAnd(names)
    } else {
        TopicSelection::Named(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> TopicSelection {
        TopicSelection::Named(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_union_holds_what_each_wants() {
        let selections = [named(&["b", "a"]), named(&["a", "kafkloud-lifecycle"])];
        assert_eq!(
            union(selections.iter()),
            named(&["a", "b", "kafkloud-lifecycle"])
        );
        let all = [
            named(&["kafkloud-lifecycle"]),
            TopicSelection::UsersAnd(Vec::new()),
        ];
        let all = union(all.iter());
        assert!(all.contains("anything") && all.contains("kafkloud-lifecycle"));
        assert!(!all.contains("kafkloud-dead-letter"));
    }
}
