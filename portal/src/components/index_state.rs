use contract::Problem;
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{facts::facts, notice::Notice};
use crate::{
    browser::api,
    erase::Erase,
    flow::{Flow, Rebuilding, SEER},
    visitor::for_operators,
};

/// What the seer knows, live, and making it learn all of it anew. That asks first: it takes long.
#[component]
pub(crate) fn IndexState() -> impl IntoView {
    let flow = expect_context::<RwSignal<Flow>>();
    let index = Memo::new(move |_| flow.with(|flow| flow.index.clone()));
    let health = Memo::new(move |_| {
        flow.with(|flow| {
            let seer = flow.stations.iter().find(|station| station.name == SEER);
            seer.map(|seer| seer.health.clone()).unwrap_or_default()
        })
    });
    let problem = RwSignal::new(None::<Problem>);
    let report = RwSignal::new("");
    let rebuild = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            let outcome = api::reindex().await;
            report.set(if outcome.is_ok() { "It has begun." } else { "" });
            problem.set(outcome.err());
        });
    };
    let state = move || {
        let index = index.get()?;
        Some(view! {
            {facts(index.facts)}
            {index.rebuilding.map(rebuilding)}
        })
    };
    let form = view! {
        <form method="post" action="/seer" on:submit=rebuild>
            <input type="hidden" name="reindex" value="yes"/>
            <button id="reindex" type="submit">"Rebuild it now"</button>
            <p class="report" role="status">{move || report.get()}</p>
        </form>
    }
    .erase();
    view! {
        <section id="index" aria-labelledby="index-title">
            <h2 id="index-title">"Index"</h2>
            <p class="station-name" data-health=move || health.get().name()>
                <span class="lamp" aria-hidden="true"></span>
                <span>"The seer is "{move || health.get().word()}</span>
            </p>
            {move || health.get().reason().map(|reason| view! { <p class="remark">{reason.to_owned()}</p> })}
            {state}
            <details class="confirm">
                <summary>"Rebuild the index…"</summary>
                <p>"Every message is read from the log and embedded again, which can take long. Answers stay up meanwhile. \
                    It is needed when the embedding model has changed."</p>
                {for_operators(form)}
                {move || problem.get().map(|problem| view! { <Notice problem/> })}
            </details>
        </section>
    }
    .erase()
}

fn rebuilding(rebuilding: Rebuilding) -> impl IntoView {
    let bar = rebuilding
        .percent
        .map(|percent| view! { <progress max="100" value=percent.to_string()></progress> });
    view! { <p id="rebuilding">{rebuilding.words}</p>{bar} }
}
