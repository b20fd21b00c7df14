//! Who wants to know when the life of a message changes.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use contract::{MessageId, status::MessageLife};
use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};

use crate::store::StatusStore;

/// Changes that a viewer may be behind before it misses some.
const FEED_CAPACITY: usize = 2048;
/// Lives that are read for the feed after one fold. Nobody can follow more by eye, and reading them all would hold up the
/// intake under load.
const FEED_PER_FOLD_MAX: usize = 256;

type Latest = Option<Arc<MessageLife>>;

/// Tells those who watch one message, and those who follow all.
pub(crate) struct Lives {
    watched: Mutex<HashMap<MessageId, watch::Sender<Latest>>>,
    feed: broadcast::Sender<FeedItem>,
}

#[derive(Clone, Debug)]
pub(crate) enum FeedItem {
    Life(Arc<MessageLife>),
    /// So many changes are not told one by one.
    Missed(u64),
}

/// The changes of one message from now on. What was before is in the store: read it after making the watch, and no change
/// falls between.
pub(crate) struct LifeWatch {
    id: MessageId,
    latest: watch::Receiver<Latest>,
    lives: Arc<Lives>,
}

/// The messages of a fold that somebody wants to hear of.
#[derive(Debug, Default)]
struct Wanted {
    ids: Vec<MessageId>,
    missed: u64,
}

impl Lives {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            watched: Mutex::default(),
            feed: broadcast::channel(FEED_CAPACITY).0,
        })
    }

    pub(crate) fn watch(self: &Arc<Self>, id: MessageId) -> LifeWatch {
        let mut watched = self.watched.lock();
        let sender = watched.entry(id).or_insert_with(|| watch::channel(None).0);
        LifeWatch {
            id,
            latest: sender.subscribe(),
            lives: Arc::clone(self),
        }
    }

    /// The changes of all messages from now on.
    pub(crate) fn follow(&self) -> broadcast::Receiver<FeedItem> {
        self.feed.subscribe()
    }

    /// Asked after the fold is durable: whoever begins to watch later finds the change in the store.
    fn wanted(&self, changed: &[MessageId]) -> Wanted {
        let follow = self.feed.receiver_count() > 0;
        let watched = self.watched.lock();
        if !follow && watched.is_empty() {
            return Wanted::default();
        }
        let mut wanted = Wanted::default();
        let mut seen = HashSet::new();
        for id in changed.iter().filter(|id| seen.insert(**id)) {
            if watched.contains_key(id) || (follow && wanted.ids.len() < FEED_PER_FOLD_MAX) {
                wanted.ids.push(*id);
            } else if follow {
                wanted.missed += 1;
            }
        }
        wanted
    }

    /// Reads the lives of `changed` that somebody wants, and tells them.
    pub(crate) async fn show(&self, store: &dyn StatusStore, changed: &[MessageId]) {
        self.show_wanted(store, self.wanted(changed)).await;
    }

    /// When it is not known what has changed: those that are watched are told anew, and those who follow all hear that they
    /// missed so many.
    pub(crate) async fn show_after_gap(&self, store: &dyn StatusStore, missed: u64) {
        let ids = self.watched.lock().keys().copied().collect();
        self.show_wanted(store, Wanted { ids, missed }).await;
    }

    async fn show_wanted(&self, store: &dyn StatusStore, wanted: Wanted) {
        if wanted.ids.is_empty() && wanted.missed == 0 {
            return;
        }
        match store.lives(wanted.ids.clone()).await {
            Ok(lives) => self.publish(lives, &wanted),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "changes not shown to those who watch");
            }
        }
    }

    fn publish(&self, lives: Vec<MessageLife>, wanted: &Wanted) {
        let watched = self.watched.lock();
        for life in lives.into_iter().map(Arc::new) {
            if let Some(sender) = watched.get(&life.id) {
                sender.send_replace(Some(Arc::clone(&life)));
            }
            // An error means that nobody follows.
            let _ = self.feed.send(FeedItem::Life(life));
        }
        if wanted.missed > 0 {
            let _ = self.feed.send(FeedItem::Missed(wanted.missed));
        }
    }
}

impl LifeWatch {
    /// The next change. Several at once may come as one: a life tells all that was before.
    pub(crate) async fn changed(&mut self) -> Arc<MessageLife> {
        loop {
            // The sender lives as long as `lives` has this entry, which is until this watch is dropped.
            if self.latest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            if let Some(life) = self.latest.borrow_and_update().clone() {
                return life;
            }
        }
    }
}

impl Drop for LifeWatch {
    fn drop(&mut self) {
        if let Entry::Occupied(entry) = self.lives.watched.lock().entry(self.id)
            // This one still counts.
            && entry.get().receiver_count() <= 1
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::Stage;

    use super::*;

    fn life(id: MessageId) -> MessageLife {
        MessageLife {
            id,
            topic: "stream".to_owned(),
            partition: 0,
            offset: 0,
            key: None,
            stage: Stage::Consumed,
            trace_id: None,
            stages: Vec::new(),
        }
    }

    #[tokio::test]
    async fn only_what_somebody_wants_is_read() {
        let lives = Lives::new();
        let (a, b) = (
            MessageId::of_record("t", 0, 0),
            MessageId::of_record("t", 0, 1),
        );
        assert!(lives.wanted(&[a, b]).ids.is_empty());
        let mut watch = lives.watch(a);
        let other = lives.watch(a);
        drop(other);
        let wanted = lives.wanted(&[a, b, a]);
        assert_eq!(wanted.ids, [a]);
        lives.publish(vec![life(a)], &wanted);
        assert_eq!(watch.changed().await.id, a);
        drop(watch);
        assert!(lives.wanted(&[a]).ids.is_empty(), "nobody watches any more");
    }

    #[tokio::test]
    async fn those_who_follow_hear_how_much_they_miss() {
        let lives = Lives::new();
        let mut feed = lives.follow();
        let ids: Vec<_> = (0..FEED_PER_FOLD_MAX as i64 + 3)
            .map(|offset| MessageId::of_record("t", 0, offset))
            .collect();
        let wanted = lives.wanted(&ids);
        assert_eq!(wanted.ids.len(), FEED_PER_FOLD_MAX);
        lives.publish(Vec::new(), &wanted);
        assert!(matches!(feed.recv().await, Ok(FeedItem::Missed(3))));
    }
}
