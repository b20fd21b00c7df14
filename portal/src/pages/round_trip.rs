//! Home: send a message, watch it become done.

use contract::{Problem, topic};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use crate::{
    browser::live,
    burst::Burst,
    components::{
        burst::burst_panel, flow_picture::FlowPicture, notice::Notice, produce_form::ProduceForm,
        receipt_card::receipt_cards,
    },
    entry::Entry,
    erase::Erase,
    handover::handed_over,
    lookup::Lookup,
    receipts::Receipts,
};

/// What the server knows when it renders the page.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct RoundTripData {
    pub(crate) draft: Draft,
    /// Why the draft was not sent.
    pub(crate) problem: Option<Problem>,
    /// The message that the address names.
    pub(crate) lookup: Option<Lookup>,
    /// The burst that the address names.
    pub(crate) burst: Option<Burst>,
}

/// What is in the form, and the body of `POST /api/outbox`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Draft {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) message: String,
    /// A header in each line: `name: value`.
    pub(crate) headers: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            topic: topic::DEFAULT.to_owned(),
            key: "order-42".to_owned(),
            message: "{\n  \"order\": 42,\n  \"item\": \"espresso beans\",\n  \"quantity\": 2,\n  \"status\": \"paid\"\n}".to_owned(),
            headers: String::new(),
        }
    }
}

#[component]
pub(crate) fn RoundTrip() -> impl IntoView {
    let RoundTripData {
        draft,
        problem,
        lookup,
        burst,
    } = handed_over();
    let burst = RwSignal::new(burst);
    let (receipts, not_found) = Receipts::asked(lookup);
    let followed = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        receipts.restore();
        followed.set(receipts.unfinished());
    });
    live::follow_with_burst(
        move || followed.get(),
        move |life| receipts.learn(life),
        burst,
    );
    let sent = Callback::new(move |entry: Entry| {
        receipts.add(entry);
        followed.set(receipts.unfinished());
    });
    view! {
        <Title text="Round trip"/>
        <h1>"Round trip"</h1>
        <p class="lead">"Send a message and watch it climb: accepted by the producer, streamed by Kafka, consumed, and indexed, so that it can be asked about."</p>
        <FlowPicture newest=Signal::derive(move || receipts.newest())/>
        <div class="columns">
            <section aria-labelledby="send-title">
                <h2 id="send-title">"Send a message"</h2>
                <ProduceForm draft problem sent/>
                {burst_panel(burst)}
            </section>
            <section aria-labelledby="receipts-title">
                <div class="section-head">
                    <h2 id="receipts-title">"Receipts of this browser"</h2>
                    {move || (!receipts.is_empty()).then(|| view! {
                        <button class="quiet" type="button" on:click=move |_| receipts.forget()>"Clear list"</button>
                    })}
                </div>
                {not_found.map(|problem| view! { <Notice problem/> })}
                {receipt_cards(receipts)}
                {move || receipts.is_empty().then(|| view! {
                    <p class="empty">"Nothing sent yet. Press "<strong>"DoIt"</strong>" and its receipt appears here."</p>
                })}
            </section>
        </div>
    }
    .erase_whole()
}
