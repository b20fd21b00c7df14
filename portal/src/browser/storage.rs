//! Receipts in the browser's own storage. Where the user forbids it, they last as long as the page.

use leptos::prelude::window;

use crate::{entry::Entry, receipts::ENTRIES_MAX};

const KEY: &str = "kafkloud.receipts";

pub(crate) fn load() -> Vec<Entry> {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    // What another version kept and this one cannot read is dropped.
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Keeps `entries`, and below them what other tabs have kept meanwhile.
pub(crate) fn keep(entries: &[Entry]) {
    let mut kept = entries.to_vec();
    let others = load();
    kept.extend(
        others
            .into_iter()
            .filter(|other| entries.iter().all(|entry| entry.id != other.id)),
    );
    kept.truncate(ENTRIES_MAX);
    write(&kept);
}

pub(crate) fn forget() {
    write(&[]);
}

fn write(entries: &[Entry]) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(entries)) {
        // Full or forbidden: the list still works until the page is closed.
        let _ = storage.set_item(KEY, &text);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
