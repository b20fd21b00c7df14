use leptos::prelude::*;

use crate::{
    erase::Erase,
    flow::{Figure, Flow, Station},
    words,
};

/// The stations in the order in which a message passes them, with what each does right now.
#[component]
pub(crate) fn FlowPicture() -> impl IntoView {
    let flow = expect_context::<RwSignal<Flow>>();
    view! {
        <section class="flow-picture" aria-labelledby="flow-title">
            <h2 id="flow-title" class="hidden">"The way of a message"</h2>
            <ol class="flow">
                {move || flow.get().stations.into_iter().map(station).collect_view()}
            </ol>
            <div role="status">
                <ul class="complaints">
                {move || flow.with(Flow::complaints).into_iter().map(|complaint| view! { <li>{complaint}</li> }).collect_view()}
            </ul>
            </div>
        </section>
    }
    // Erased: a page that holds it as one type is too deep for the compiler.
    .erase()
}

fn station(station: Station) -> impl IntoView {
    view! {
        <li class="station" data-station=station.name data-health=station.health.name() data-moving=station.moving.then_some("")>
            <div class="station-name">
                <span class="lamp" aria-hidden="true"></span>
                <span>{station.name.clone()}</span>
                <span class="station-health">{station.health.word()}</span>
            </div>
            <dl>{figure(station.total)}{figure(station.current)}</dl>
        </li>
    }
}

fn figure(figure: Figure) -> impl IntoView {
    let value = figure.value.map_or_else(|| "–".to_owned(), words::number);
    view! { <div><dt>{figure.label}</dt><dd>{value}</dd></div> }
}
