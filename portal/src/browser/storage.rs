//! Receipts and choices in the browser's own storage. Where the user forbids it, they last as long as the page.

use leptos::prelude::window;

use crate::{entry::Entry, receipts::ENTRIES_MAX};

const RECEIPTS: &str = "kafkloud.receipts";
/// Whether single keys do anything: `on`, `off`, or nothing.
const KEYS: &str = "kafkloud.keys";

pub(crate) fn load() -> Vec<Entry> {
    let text = read(RECEIPTS);
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
    keep_receipts(&kept);
}

pub(crate) fn forget() {
    keep_receipts(&[]);
}

pub(crate) fn keys_are_on() -> bool {
    read(KEYS).is_none_or(|choice| choice != "off")
}

pub(crate) fn switch_keys(on: bool) {
    write(KEYS, if on { "on" } else { "off" });
}

fn keep_receipts(entries: &[Entry]) {
    if let Ok(text) = serde_json::to_string(entries) {
        write(RECEIPTS, &text);
    }
}

fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn write(key: &str, text: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: it holds until the page is closed.
        let _ = storage.set_item(key, text);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
