use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::ladder::Ladder;
use crate::{
    browser::api,
    receipts::{Card, Receipts},
    words,
};

/// One message: its receipt, its ladder, and IsDone, which asks now. Without JavaScript, IsDone loads the page anew.
#[component]
pub(crate) fn ReceiptCard(card: Card, receipts: Receipts) -> impl IntoView {
    let Card { id, entry, answer } = card;
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
                    problem.as_ref(),
                )));
            });
        }
    };
    let total = {
        let entry = entry.clone();
        move || {
            entry
                .read()
                .total_us()
                .map(|total_us| format!("done in {}", words::duration(total_us)))
        }
    };
    let is_done = {
        let entry = entry.clone();
        move || entry.read().is_done().then_some("")
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
            </form>
        </article>
    }
    // Erased: a page that holds it as one type is too deep for the compiler.
    .into_any()
}
