//! Home: send a message, watch it become done.

use contract::{Problem, topic};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use crate::{
    browser::live,
    components::{
        flow_picture::FlowPicture, notice::Notice, produce_form::ProduceForm,
        receipt_card::ReceiptCard,
    },
    entry::Entry,
    handover::handed_over,
    lookup::Lookup,
    receipts::{Card, Receipts},
    words,
};

/// What the server knows when it renders the page.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct RoundTripData {
    pub(crate) draft: Draft,
    /// Why the draft was not sent.
    pub(crate) problem: Option<Problem>,
    /// The message that the address names.
    pub(crate) lookup: Option<Lookup>,
}

/// What is in the form, and the body of `POST /api/outbox`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Draft {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) message: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            topic: topic::DEFAULT.to_owned(),
            key: "order-42".to_owned(),
            message: "{\n  \"order\": 42,\n  \"item\": \"espresso beans\",\n  \"quantity\": 2,\n  \"status\": \"paid\"\n}".to_owned(),
        }
    }
}

#[component]
pub(crate) fn RoundTrip() -> impl IntoView {
    let RoundTripData {
        draft,
        problem,
        lookup,
    } = handed_over();
    let (asked, not_found) = asked_card(lookup);
    let receipts = Receipts::new(asked.into_iter().collect());
    let followed = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        receipts.restore();
        followed.set(receipts.unfinished());
    });
    live::follow(move || followed.get(), move |life| receipts.learn(life));
    let sent = Callback::new(move |entry: Entry| {
        receipts.add(entry);
        followed.set(receipts.unfinished());
    });
    view! {
        <Title text="Round trip"/>
        <h1>"Round trip"</h1>
        <p class="lead">"Send a message and watch it climb: accepted by the producer, streamed by Kafka, consumed."</p>
        <FlowPicture/>
        <div class="columns">
            <section aria-labelledby="send-title">
                <h2 id="send-title">"Send a message"</h2>
                <ProduceForm draft problem sent/>
            </section>
            <section aria-labelledby="receipts-title">
                <div class="section-head">
                    <h2 id="receipts-title">"Receipts of this browser"</h2>
                    {move || (!receipts.is_empty()).then(|| view! {
                        <button class="quiet" type="button" on:click=move |_| receipts.forget()>"Clear list"</button>
                    })}
                </div>
                {not_found.map(|problem| view! { <Notice problem/> })}
                <div class="receipts">
                    <For each=move || receipts.cards() key=|card| card.id children=move |card| view! { <ReceiptCard card receipts/> }/>
                </div>
                {move || receipts.is_empty().then(|| view! {
                    <p class="empty">"Nothing sent yet. Press "<strong>"DoIt"</strong>" and its receipt appears here."</p>
                })}
            </section>
        </div>
    }
}

/// The message that the address names as the first of the list, with the answer; or why there is none.
fn asked_card(lookup: Option<Lookup>) -> (Option<Card>, Option<Problem>) {
    match lookup {
        None => (None, None),
        Some(Lookup {
            entry: None,
            problem,
            ..
        }) => (None, problem),
        Some(Lookup {
            entry: Some(entry),
            problem,
            ..
        }) => {
            let answer = words::answer(&entry, problem.as_ref());
            let card = Card::new(entry);
            card.answer.set(Some(answer));
            (Some(card), None)
        }
    }
}
