use leptos::prelude::*;

use crate::{
    entry::{Entry, Rung},
    erase::Erase,
    flow::Seer,
    words,
};

/// The rungs that a message has climbed and the ones before it, with the time each took.
#[component]
pub(crate) fn Ladder(#[prop(into)] entry: Signal<Entry>) -> impl IntoView {
    let seer = expect_context::<Memo<Seer>>();
    view! {
        <ol class="ladder" aria-label="Life of the message">
            {move || entry.get().ladder(seer.get()).into_iter().map(rung).collect_view()}
        </ol>
    }
    .erase()
}

fn rung(rung: Rung) -> impl IntoView {
    let state = if rung.reached { "reached" } else { "awaited" };
    let took = rung
        .took_us
        .map(|took_us| format!("+{}", words::duration(took_us)));
    let at = rung.at.map(words::time_of_day);
    // Accepting is where the clock starts, so it shows the time of day; a dead end shows why.
    let figure = rung.remark.or(took).or(at).unwrap_or_default();
    view! {
        <li data-stage=rung.stage.name() data-reached=rung.reached.then_some("")>
            <span class="rung-name">{rung.stage.name()}<span class="hidden">" "{state}</span></span>
            <span class="rung-time">{figure}</span>
        </li>
    }
}
