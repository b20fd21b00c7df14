//! `/message/{id}`: the life of one message.

use contract::{MessageId, Problem, status::MessageLife};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::{
    browser::{api, live, storage},
    components::{ladder::Ladder, notice::Notice},
    entry::Entry,
    handover::handed_over,
    lookup::Lookup,
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
            spawn_local(async move { found.set(look_up(id).await) });
        }
    });
    let followed = Memo::new(move |_| {
        found.with(|found| {
            found
                .entry
                .as_ref()
                .filter(|entry| !entry.is_done())
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
    view! {
        <Title text="Message"/>
        <h1>"Message "<code class="id">{asked}</code></h1>
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {move || entry.get().map(|entry| view! { <Life entry problem=problem.get()/> })}
        <p><a href="/">"Send another message"</a></p>
    }
}

#[component]
fn Life(entry: Entry, problem: Option<Problem>) -> impl IntoView {
    let answer = words::answer(&entry, problem.as_ref());
    let facts = [
        ("Topic", Some(entry.topic.clone())),
        ("Partition", Some(entry.partition.to_string())),
        ("Offset", Some(entry.offset.to_string())),
        ("Key", entry.key.clone()),
        ("Trace", entry.trace_id.clone()),
        ("Day", entry.life.as_ref().and_then(first_day)),
        (
            "Stage",
            entry.life.as_ref().map(|life| life.stage.to_string()),
        ),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)));
    let rungs = entry
        .life
        .iter()
        .flat_map(|life| life.stages.clone())
        .collect::<Vec<_>>();
    view! {
        <p class="answer" role="status">{answer}</p>
        <Ladder entry=Signal::stored(entry)/>
        <dl class="facts">
            {facts.map(|(name, value)| view! { <dt>{name}</dt><dd><code>{value}</code></dd> }).collect_view()}
        </dl>
        <div class="scroll" tabindex="0" role="region" aria-label="Stages">
        <table>
            <caption class="hidden">"Stages"</caption>
            <thead><tr><th scope="col">"Stage"</th><th scope="col">"At"</th><th scope="col">"By"</th></tr></thead>
            <tbody>
                {rungs.into_iter().map(|rung| view! {
                    <tr data-stage=rung.stage.name()>
                        <th scope="row">{rung.stage.name()}</th>
                        <td><time datetime=rung.at.to_string()>{words::time_of_day(rung.at)}</time></td>
                        <td>{rung.component}</td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table>
        </div>
    }
}

/// The date on which the life began, such as `2026-01-31`.
fn first_day(life: &MessageLife) -> Option<String> {
    let at = life.stages.first()?.at.to_string();
    at.get(..10).map(str::to_owned)
}

async fn look_up(id: String) -> Lookup {
    let outcome = match id.parse::<MessageId>() {
        Ok(message_id) => api::life(message_id).await,
        Err(_) => Err(Problem::new(
            404,
            "invalid-id",
            "This is not a message id",
            "Copy it from a receipt.",
        )),
    };
    match outcome {
        Ok(life) => Lookup {
            id,
            entry: Some(of_life(life)),
            problem: None,
        },
        Err(problem) => Lookup {
            id,
            entry: None,
            problem: Some(problem),
        },
    }
}

/// A receipt of this browser knows the acknowledgement more precisely than the consumer.
fn of_life(life: MessageLife) -> Entry {
    let kept = storage::load().into_iter().find(|kept| kept.id == life.id);
    match kept {
        Some(mut entry) => {
            entry.learn(life);
            entry
        }
        None => Entry::of_life(life),
    }
}
