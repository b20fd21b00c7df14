use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use contract::MessageId;

use crate::entry::Entry;

/// How many receipts are remembered. Without JavaScript a receipt is shown by the page after next; this is plenty for that.
const ENTRIES_MAX: usize = 1024;

/// The latest receipts that went through this portal. They make a page complete when the consumer is away, no more: whoever has
/// JavaScript keeps the receipts in the browser.
#[derive(Default)]
pub(crate) struct RecentEntries(Mutex<VecDeque<Entry>>);

impl RecentEntries {
    pub(crate) fn add(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn find(&self, id: MessageId) -> Option<Entry> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().rev().find(|entry| entry.id == id).cloned()
    }
}
