//! The messages of this browser, newest first.

use contract::{MessageId, status::MessageLife};
use leptos::prelude::*;

use crate::{browser::storage, entry::Entry, words};

/// How many are kept; older ones leave the list, not the stream.
pub(crate) const ENTRIES_MAX: usize = 50;

/// A message in the list. Its parts change one by one, without touching the rest of the list.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) id: MessageId,
    pub(crate) entry: ArcRwSignal<Entry>,
    /// What IsDone said last.
    pub(crate) answer: ArcRwSignal<Option<String>>,
}

impl Card {
    pub(crate) fn new(entry: Entry) -> Self {
        Self {
            id: entry.id,
            entry: ArcRwSignal::new(entry),
            answer: ArcRwSignal::new(None),
        }
    }

    /// An answer that was given stays true while the message climbs on.
    fn renew_answer(&self) {
        if self.answer.read_untracked().is_some() {
            let answer = words::answer(&self.entry.read_untracked(), None);
            self.answer.set(Some(answer));
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Receipts(RwSignal<Vec<Card>>);

impl Receipts {
    pub(crate) fn new(cards: Vec<Card>) -> Self {
        Self(RwSignal::new(cards))
    }

    pub(crate) fn cards(self) -> Vec<Card> {
        self.0.get()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.with(Vec::is_empty)
    }

    /// Puts a message on top.
    pub(crate) fn add(self, entry: Entry) {
        self.0.update(|cards| {
            cards.retain(|card| card.id != entry.id);
            cards.insert(0, Card::new(entry));
            cards.truncate(ENTRIES_MAX);
        });
        self.keep();
    }

    /// Takes in what an earlier visit kept, below what is shown already.
    pub(crate) fn restore(self) {
        let kept = storage::load();
        self.0.update(|cards| {
            for entry in kept {
                if !cards.iter().any(|card| card.id == entry.id) {
                    cards.push(Card::new(entry));
                }
            }
            cards.truncate(ENTRIES_MAX);
        });
    }

    pub(crate) fn learn(self, life: MessageLife) {
        let cards = self.0.read_untracked();
        if let Some(card) = cards.iter().find(|card| card.id == life.id) {
            card.entry.update(|entry| entry.learn(life));
            card.renew_answer();
        }
        drop(cards);
        self.keep();
    }

    pub(crate) fn forget(self) {
        self.0.set(Vec::new());
        storage::forget();
    }

    /// The messages whose next rung is still awaited.
    pub(crate) fn unfinished(self) -> Vec<MessageId> {
        let cards = self.0.read_untracked();
        let unfinished = cards
            .iter()
            .filter(|card| !card.entry.read_untracked().is_done());
        unfinished.map(|card| card.id).collect()
    }

    fn keep(self) {
        let cards = self.0.read_untracked();
        let entries: Vec<Entry> = cards
            .iter()
            .map(|card| card.entry.get_untracked())
            .collect();
        storage::keep(&entries);
    }
}
