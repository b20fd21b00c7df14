//! Who waits for the next append to a partition.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Waiters(Mutex<Vec<Weak<Notify>>>);

impl Waiters {
    /// Registers for one append. A waiter registers first and looks for data second, so an append
    /// between the two leaves it a permit and none is missed.
    pub(crate) fn register(&self, waiter: &Arc<Notify>) {
        let mut waiters = self.0.lock();
        // Those that gave up since are cleared here, so that an idle partition gathers none.
        waiters.retain(|waiting| waiting.strong_count() > 0);
        waiters.push(Arc::downgrade(waiter));
    }

    pub(crate) fn wake_all(&self) {
        for waiting in std::mem::take(&mut *self.0.lock()) {
            if let Some(waiter) = waiting.upgrade() {
                waiter.notify_one();
            }
        }
    }
}
