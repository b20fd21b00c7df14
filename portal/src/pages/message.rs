//! `/message/{id}`: the life of one message.

use contract::{Problem, status::MessageLife};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

use crate::{
    browser::{api, live, storage},
    components::{
        facts::facts, ladder::Ladder, notice::Notice, receipt_card::ask_about, table::table,
    },
    entry::Entry,
    erase::Erase,
    flow::Seer,
    handover::handed_over,
    lookup::{Lookup, Record},
    words,
};

#[component]
pub(crate) fn Message() -> impl IntoView {
    let found = RwSignal::new(handed_over::<Lookup>());
    let asked = move || use_params_map().with(|params| params.get("id").unwrap_or_default());
    // Reached by a link inside the page, the server has not been asked yet.
    Effect::new(move |_| {
        let id = asked();
        if found.read_untracked().id != id {
            let query = use_location().search.get_untracked();
            spawn_local(async move { found.set(look_up(id, &query).await) });
        }
    });
    let followed = Memo::new(move |_| {
        found.with(|found| {
            found
                .entry
                .as_ref()
                .filter(|entry| !entry.is_settled())
                .map(|entry| entry.id)
        })
    });
    live::follow(
        move || followed.get().into_iter().collect(),
        move |life| {
            found.update(|found| {
                if let Some(entry) = &mut found.entry {
                    entry.learn(life);
                }
            });
        },
    );
    let problem = Memo::new(move |_| found.with(|found| found.problem.clone()));
    let entry = Memo::new(move |_| found.with(|found| found.entry.clone()));
    let record = Memo::new(move |_| found.with(|found| found.record.clone()));
    view! {
        <Title text="Message"/>
        <h1>"Message "<code class="id">{asked}</code></h1>
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {move || entry.get().map(|entry| now(entry, problem.get()))}
        {move || record.get().map(record_view)}
        {move || entry.get().map(story)}
        <p><a href="/">"Send another message"</a></p>
    }
    .erase()
}

/// Where it stands.
fn now(entry: Entry, problem: Option<Problem>) -> AnyView {
    let seer = expect_context::<Memo<Seer>>();
    let question = entry.is_answerable().then(|| ask_about(&entry));
    let answer = {
        let entry = entry.clone();
        move || words::answer(&entry, seer.get(), problem.as_ref())
    };
    view! {
        <p class="answer" role="status">{answer}" "{question}</p>
        <Ladder entry=Signal::stored(entry)/>
    }
    .erase()
}

/// How it came there.
fn story(entry: Entry) -> AnyView {
    let known = [
        ("Topic", Some(entry.topic)),
        ("Partition", Some(entry.partition.to_string())),
        ("Offset", Some(entry.offset.to_string())),
        ("Key", entry.key),
        ("Trace", entry.trace_id),
        ("Day", entry.life.as_ref().and_then(first_day)),
    ];
    let known = known.into_iter();
    let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let rungs = entry.life.map(|life| life.stages).unwrap_or_default();
    let rungs = rungs.into_iter();
    let rungs = rungs.map(|rung| {
        view! {
            <tr data-stage=rung.stage.name()>
                <th scope="row">{rung.stage.name()}</th>
                <td><time datetime=rung.at.to_string()>{words::time_of_day(rung.at)}</time></td>
                <td>{rung.component}</td>
            </tr>
        }
    });
    let rungs = rungs.collect_view();
    view! {
        <h2>"Life"</h2>
        {facts(known.collect())}
        {table("Stages", &["Stage", "At", "By"], rungs.erase())}
    }
    .erase()
}

/// The date on which the life began, such as `2026-01-31`.
fn first_day(life: &MessageLife) -> Option<String> {
    let at = life.stages.first()?.at.to_string();
    at.get(..10).map(str::to_owned)
}

/// What the message says, as text whatever it holds.
fn record_view(record: Record) -> AnyView {
    view! {
        <h2>"Record"</h2>
        {record.value.map(|value| view! {
            <div class="payload" tabindex="0" role="region" aria-label="Value"><code>{value}</code></div>
        })}
        {record.note.map(|note| view! { <p class="hint">{note}</p> })}
        {facts(record.facts)}
    }
    .erase()
}

async fn look_up(id: String, query: &str) -> Lookup {
    let mut lookup = api::lookup(&id, query)
        .await
        .unwrap_or_else(|problem| Lookup {
            problem: Some(problem),
            ..Lookup::default()
        });
    lookup.id = id;
    lookup.entry = lookup.entry.map(more_precise);
    lookup
}

/// A receipt of this browser knows the acknowledgement more precisely than the consumer.
fn more_precise(entry: Entry) -> Entry {
    let kept = storage::load().into_iter().find(|kept| kept.id == entry.id);
    match (kept, entry.life) {
        (Some(mut kept), Some(life)) => {
            kept.learn(life);
            kept
        }
        (Some(kept), None) => kept,
        (None, life) => Entry { life, ..entry },
    }
}
