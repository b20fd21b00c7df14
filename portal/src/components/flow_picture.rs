use contract::{MessageId, Stage};
use leptos::prelude::*;

use super::facts::facts;
use crate::{
    erase::Erase,
    flow::{CONSUMER, Figure, Flow, INDEX, PORTAL, PRODUCER, SEER, STATUSES, STREAMER, Station},
    words,
};

/// The system's map: the stations in the order in which a message passes them, what each does right now, and how far the message is
/// that was sent last. A station opens and tells its figures.
#[component]
pub(crate) fn FlowPicture(newest: Signal<Option<(MessageId, Stage)>>) -> impl IntoView {
    let flow = expect_context::<RwSignal<Flow>>();
    // Every other message has another name, so that its run begins anew.
    let run = Memo::new(move |before: Option<&Option<(MessageId, bool)>>| {
        let (id, _) = newest.get()?;
        let before = before.copied().flatten();
        Some(match before {
            Some((known, turn)) if known == id => (id, turn),
            Some((_, turn)) => (id, !turn),
            None => (id, false),
        })
    });
    let mine = move |station: &str| {
        let (_, stage) = newest.get()?;
        let (_, turn) = run.get()?;
        (stage >= arrives_at(station)).then_some(if turn { "odd" } else { "even" })
    };
    view! {
        <section class="flow-picture" aria-labelledby="flow-title">
            <h2 id="flow-title" class="hidden">"The way of a message"</h2>
            <ol class="flow">
                {move || flow.get().stations.into_iter().map(|shown| {
                    let mine = mine(&shown.name);
                    station(shown, mine)
                }).collect_view()}
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

/// The first stage of a message that has been at a station.
fn arrives_at(station: &str) -> Stage {
    match station {
        PORTAL | PRODUCER => Stage::Accepted,
        STREAMER => Stage::Streamed,
        CONSUMER | STATUSES => Stage::Consumed,
        SEER | INDEX => Stage::Indexed,
        _ => Stage::Dead,
    }
}

fn station(station: Station, mine: Option<&'static str>) -> impl IntoView {
    view! {
        <li class="station" data-station=station.name data-health=station.health.name() data-moving=station.moving.then_some("") data-mine=mine>
            <details name="station">
                <summary>
                    <span class="station-name">
                        <span class="lamp" aria-hidden="true"></span>
                        <span>{station.name.clone()}</span>
                        <span class="station-health">{station.health.word()}</span>
                    </span>
                    <span class="figures">{station.figures.into_iter().map(figure).collect_view()}</span>
                </summary>
                {facts(station.facts)}
            </details>
        </li>
    }
}

fn figure(figure: Figure) -> impl IntoView {
    let value = figure.value.map_or_else(|| "–".to_owned(), words::number);
    view! { <span class="figure"><strong>{value}</strong>" "<span>{figure.label}</span></span> }
}
