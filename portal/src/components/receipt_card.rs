use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::ladder::Ladder;
use crate::{
    browser::api,
    entry::Entry,
    erase::Erase,
    flow::Seer,
    receipts::{Card, Receipts},
    words,
};

/// The messages of a list, one card each.
pub(crate) fn receipt_cards(receipts: Receipts) -> AnyView {
    view! {
        <div class="receipts">
            <For each=move || receipts.cards() key=|card| card.id children=move |card| view! { <ReceiptCard card receipts/> }/>
        </div>
    }
    .erase()
}

/// One message: its receipt, its ladder, and IsDone, which asks now. Without JavaScript, IsDone loads the page anew.
#[component]
pub(crate) fn ReceiptCard(card: Card, receipts: Receipts) -> impl IntoView {
    let Card { id, entry, answer } = card;
    let seer = expect_context::<Memo<Seer>>();
    let shown = entry.get_untracked();
    let place = format!("{}/{} @ {}", shown.topic, shown.partition, shown.offset);
    let title = format!("receipt-{id}");
    let ask = {
        let (entry, answer) = (entry.clone(), answer.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let (entry, answer) = (entry.clone(), answer.clone());
            answer.set(Some("Asking…".to_owned()));
            spawn_local(async move {
                let problem = match api::life(id).await {
                    Ok(life) => {
                        receipts.learn(life);
                        None
                    }
                    // The consumer has not seen it: that is an answer.
                    Err(problem) if problem.status == 404 => None,
                    Err(problem) => Some(problem),
                };
                answer.set(Some(words::answer(
                    &entry.get_untracked(),
                    receipts.seer(),
                    problem.as_ref(),
                )));
            });
        }
    };
    let total = {
        let entry = entry.clone();
        move || {
            let entry = entry.read();
            let total_us = entry.total_us().filter(|_| entry.is_done(seer.get()));
            total_us.map(|total_us| format!("done in {}", words::duration(total_us)))
        }
    };
    let is_done = {
        let entry = entry.clone();
        move || entry.read().is_done(seer.get()).then_some("")
    };
    let question = {
        let entry = entry.clone();
        move || {
            let entry = entry.read();
            entry.is_answerable().then(|| ask_about(&entry))
        }
    };
    view! {
        <article class="receipt" data-receipt=id.to_string() data-done=is_done aria-labelledby=title>
            <div class="receipt-head">
                <h3 id=title.clone()>{place}</h3>
                {shown.key.map(|key| view! { <span class="key">"key "<code>{key}</code></span> })}
                <span class="total">{total}</span>
            </div>
            <p class="id"><a href=format!("/message/{id}")><code>{id.to_string()}</code></a></p>
            <Ladder entry=entry/>
            <form method="get" action="/" class="ask" on:submit=ask>
                <input type="hidden" name="id" value=id.to_string()/>
                <button class="is-done" type="submit">"IsDone"<span class="hidden">" for "{id.to_string()}</span></button>
                <p class="answer" role="status">{move || answer.get()}</p>
                {question}
            </form>
        </article>
    }
    // Erased: a page that holds it as one type is too deep for the compiler.
    .erase()
}

/// Leads to the seer with a question about the message: by its key, which people chose, or else by its id.
pub(crate) fn ask_about(entry: &Entry) -> impl IntoView + use<> {
    let question = match &entry.key {
        Some(key) => format!("What is known about {key}?"),
        None => format!("What happened to message {}?", entry.id),
    };
    let mut query = leptos_router::params::ParamsMap::new();
    query.insert("q", question);
    view! { <a class="ask-about" href=format!("/seer{}", query.to_query_string())>"Ask about it"</a> }
}
