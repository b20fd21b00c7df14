//! What this tab has asked the seer. It outlives the page, so that whoever opens a cited message finds the answer again on the way
//! back.

use contract::{Problem, seer::Answer};
use leptos::prelude::*;

use crate::{
    browser::{
        Kept, api, keep, kept,
        sse::{Handler, Stream, parse},
    },
    seer::Asked,
};

/// A question and its answer in the list. The answer grows without touching the rest of the list.
#[derive(Clone)]
pub(crate) struct Turn {
    pub(crate) number: usize,
    pub(crate) asked: ArcRwSignal<Asked>,
}

#[derive(Clone, Copy)]
pub(crate) struct Conversation {
    /// The newest first.
    turns: RwSignal<Vec<Turn>>,
    /// What a follow-up question refers to.
    id: RwSignal<String>,
    /// The answers that are being written, by the number of their turn.
    streams: Kept<Vec<(usize, Stream)>>,
    /// The query of the address that was answered last.
    address: StoredValue<String>,
}

impl Conversation {
    pub(crate) fn new() -> Self {
        Self {
            turns: RwSignal::new(Vec::new()),
            id: RwSignal::new(String::new()),
            streams: kept(),
            address: StoredValue::new(String::new()),
        }
    }

    /// Takes over what the server answered to the query of the address.
    pub(crate) fn take_over(self, asked: Option<Asked>, id: String, address: String) {
        if let Some(asked) = asked {
            self.id.set(id);
            self.address.set_value(address);
            self.add(asked);
        }
    }

    pub(crate) fn turns(self) -> Vec<Turn> {
        self.turns.get()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.turns.with(Vec::is_empty)
    }

    pub(crate) fn id(self) -> String {
        self.id.get()
    }

    pub(crate) fn begin_anew(self) {
        keep(self.streams, None);
        self.turns.set(Vec::new());
        self.id.set(String::new());
        self.address.set_value(String::new());
    }

    /// Asks what the address asks, once: coming back to the page asks nothing again.
    pub(crate) fn ask_address(self, question: String, query: String) {
        if self.address.get_value() != query {
            self.address.set_value(query.clone());
            self.ask(question, &query);
        }
    }

    /// Asks, and shows the answer as it is written. `query` holds the question and all filters, as the form would send them.
    pub(crate) fn ask(self, question: String, query: &str) {
        let Turn { number, asked } = self.add(Asked {
            question,
            ..Asked::default()
        });
        let end = move || {
            self.streams.update_value(|streams| {
                streams
                    .iter_mut()
                    .for_each(|streams| streams.retain(|stream| stream.0 != number))
            });
        };
        let handlers: Vec<Handler> = vec![
            ("token", {
                let asked = asked.clone();
                Box::new(move |event| {
                    let token: Option<String> = parse(&event);
                    asked.update(|asked| asked.so_far.push_str(&token.unwrap_or_default()));
                })
            }),
            // Another one begins, for the language model broke off.
            ("restart", {
                let asked = asked.clone();
                Box::new(move |_| asked.update(|asked| asked.so_far.clear()))
            }),
            ("done", {
                let asked = asked.clone();
                Box::new(move |event| {
                    if let Some(answer) = parse::<Answer>(&event) {
                        self.id.set(answer.conversation.clone().unwrap_or_default());
                        asked.update(|asked| asked.answer = Some(answer));
                    }
                    end();
                })
            }),
            ("problem", {
                let asked = asked.clone();
                Box::new(move |event| {
                    let problem: Problem = parse(&event).unwrap_or_else(api::away);
                    asked.update(|asked| asked.problem = Some(problem));
                    end();
                })
            }),
            // Opening it again by itself, as browsers do, would ask again.
            ("error", {
                let asked = asked.clone();
                Box::new(move |_| {
                    asked.update(|asked| asked.problem = Some(api::away()));
                    end();
                })
            }),
        ];
        match Stream::open(&format!("/api/seer/ask?{query}"), handlers) {
            Some(stream) => self
                .streams
                .update_value(|streams| streams.get_or_insert_default().push((number, stream))),
            None => asked.update(|asked| asked.problem = Some(api::away())),
        }
    }

    /// Puts a question on top.
    fn add(self, asked: Asked) -> Turn {
        let number = self
            .turns
            .with_untracked(|turns| turns.first().map_or(1, |turn| turn.number + 1));
        let turn = Turn {
            number,
            asked: ArcRwSignal::new(asked),
        };
        self.turns.update(|turns| turns.insert(0, turn.clone()));
        turn
    }
}
