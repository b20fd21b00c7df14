//! The messages of this browser, newest first.

use contract::{MessageId, Problem, Stage, status::MessageLife};
use leptos::prelude::*;

use crate::{browser::storage, entry::Entry, flow::Seer, lookup::Lookup, words};

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
    fn renew_answer(&self, seer: Seer) {
        if self.answer.read_untracked().is_some() {
            let answer = words::answer(&self.entry.read_untracked(), seer, None);
            self.answer.set(Some(answer));
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Receipts {
    cards: RwSignal<Vec<Card>>,
    seer: Memo<Seer>,
}

impl Receipts {
    pub(crate) fn new(cards: Vec<Card>) -> Self {
        Self {
            cards: RwSignal::new(cards),
            seer: expect_context(),
        }
    }

    /// The message that the address names as the first of the list, with the answer; or why there is none.
    pub(crate) fn asked(lookup: Option<Lookup>) -> (Self, Option<Problem>) {
        let Some(Lookup { entry, problem, .. }) = lookup else {
            return (Self::new(Vec::new()), None);
        };
        let Some(entry) = entry else {
            return (Self::new(Vec::new()), problem);
        };
        let receipts = Self::new(Vec::new());
        let answer = words::answer(&entry, receipts.seer(), problem.as_ref());
        let card = Card::new(entry);
        card.answer.set(Some(answer));
        receipts.cards.set(vec![card]);
        (receipts, None)
    }

    pub(crate) fn cards(self) -> Vec<Card> {
        self.cards.get()
    }

    /// How far the message is that was sent last.
    pub(crate) fn newest(self) -> Option<(MessageId, Stage)> {
        let cards = self.cards.read();
        let first = cards.first()?;
        // What has a receipt is in the log.
        let life = first.entry.read();
        let stage = life
            .life
            .as_ref()
            .map_or(Stage::Streamed, |life| life.stage);
        Some((first.id, stage))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.cards.with(Vec::is_empty)
    }

    pub(crate) fn seer(self) -> Seer {
        self.seer.get_untracked()
    }

    /// Puts a message on top.
    pub(crate) fn add(self, entry: Entry) {
        self.cards.update(|cards| {
            cards.retain(|card| card.id != entry.id);
            cards.insert(0, Card::new(entry));
            cards.truncate(ENTRIES_MAX);
        });
        self.keep();
    }

    /// Takes in what an earlier visit kept, below what is shown already.
    pub(crate) fn restore(self) {
        let kept = storage::load();
        self.cards.update(|cards| {
            for entry in kept {
                if !cards.iter().any(|card| card.id == entry.id) {
                    cards.push(Card::new(entry));
                }
            }
            cards.truncate(ENTRIES_MAX);
        });
    }

    pub(crate) fn learn(self, life: MessageLife) {
        let cards = self.cards.read_untracked();
        if let Some(card) = cards.iter().find(|card| card.id == life.id) {
            card.entry.update(|entry| entry.learn(life));
            card.renew_answer(self.seer());
        }
        drop(cards);
        self.keep();
    }

    pub(crate) fn forget(self) {
        self.cards.set(Vec::new());
        storage::forget();
    }

    /// The messages to which something may still happen.
    pub(crate) fn unfinished(self) -> Vec<MessageId> {
        let cards = self.cards.read_untracked();
        let unfinished = cards
            .iter()
            .filter(|card| !card.entry.read_untracked().is_settled());
        unfinished.map(|card| card.id).collect()
    }

    fn keep(self) {
        let cards = self.cards.read_untracked();
        let entries: Vec<Entry> = cards
            .iter()
            .map(|card| card.entry.get_untracked())
            .collect();
        storage::keep(&entries);
    }
}
