//! `/topics`: what topics there are, and making one.

use contract::cluster::TopicView;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    address::escape,
    components::{
        done::done, filters::field, notice::Notice, produce_form::textarea_text, table::table,
    },
    erase::Erase,
    handover::handed_over,
    shown::{Refused, shown},
    topics::{TopicDraft, TopicFilter, TopicList},
    visitor::for_operators,
    words,
};

const HEADINGS: &[&str] = &[
    "Topic",
    "Messages",
    "Per second",
    "Size",
    "Partitions",
    "Kept",
];

#[component]
pub(crate) fn Topics() -> impl IntoView {
    let shown = shown::<TopicList>();
    let refused = handed_over::<Refused<TopicDraft>>();
    let problem = Memo::new(move |_| shown.with(|shown| shown.problem.clone()));
    // What people type into stays as it is when the rest is renewed.
    let filter = Memo::new(move |_| {
        let filter = shown.with(|shown| shown.data.as_ref().map(|list| list.filter.clone()));
        filter.unwrap_or_default()
    });
    let list = move || shown.with(|shown| shown.data.as_ref().map(list));
    view! {
        <Title text="Topics"/>
        <h1>"Topics"</h1>
        <p class="lead">"Every message lies in a topic. Its partitions keep the order in which messages came."</p>
        {done(&[("deleted", "The topic is deleted.")])}
        {move || filter_form(filter.get())}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {list}
        <h2 id="new">"New topic"</h2>
        {new_form(refused)}
    }
    .erase_whole()
}

fn filter_form(filter: TopicFilter) -> AnyView {
    let with_internal = filter.with_internal();
    view! {
        <form class="search" method="get" action="/topics">
            <input id="q" name="q" type="search" data-search="" value=filter.q aria-label="Name contains" placeholder="Name contains" autocomplete="off"/>
            <label class="switch"><input name="internal" type="checkbox" value="yes" checked=with_internal/>"internal ones, too"</label>
            <button type="submit">"Show"</button>
        </form>
    }
    .erase_whole()
}

fn list(list: &TopicList) -> AnyView {
    if list.topics.is_empty() {
        return view! {
            <p class="empty">{if list.total == 0 {
                "No topics yet. Send a message, or make one below."
            } else {
                "No topic matches. Change the name, or show internal ones, too."
            }}</p>
        }
        .erase();
    }
    let count = format!(
        "{} of {} topics",
        words::number(list.topics.len() as f64),
        words::number(list.total as f64)
    );
    let rows = list.topics.iter().map(row).collect_view();
    view! {
        <p class="hint" id="count">{count}</p>
        {table("Topics", HEADINGS, rows.erase())}
    }
    .erase()
}

fn row(topic: &TopicView) -> AnyView {
    let page = format!("/topics/{}", escape(&topic.name));
    let retention = topic.retention.map(words::retention);
    view! {
        <tr data-topic=topic.name.clone()>
            <th scope="row"><a href=page>{topic.name.clone()}</a></th>
            <td>{words::number(topic.records as f64)}</td>
            <td>{words::known(topic.rate.map(words::number))}</td>
            <td>{words::known(topic.size_bytes.map(words::bytes))}</td>
            <td>{topic.partitions.len().to_string()}</td>
            <td>{words::known(retention)}</td>
        </tr>
    }
    .erase()
}

fn new_form(refused: Refused<TopicDraft>) -> AnyView {
    let Refused { draft, problem } = refused;
    let has_settings = !draft.settings.is_empty();
    let form = view! {
        <form class="produce" id="new-topic" method="post" action="/topics">
            <div class="field wide">
                <label for="name">"Name"<span class="hint">" letters, digits, “.”, “_” and “-”"</span></label>
                <input id="name" name="name" value=draft.name required maxlength="249" autocomplete="off" spellcheck="false" autocapitalize="none"/>
            </div>
            {field("partitions", "partitions", "number", "Partitions", " more can be read side by side", draft.partitions)}
            {field("retention", "retention_hours", "text", "Keep messages", " hours; the broker’s default when empty", draft.retention_hours)}
            <details class="wide" open=has_settings>
                <summary>"Settings"</summary>
                <div class="field">
                    <label for="settings">"One in each line"<span class="hint">" such as cleanup.policy=compact"</span></label>
                    <textarea id="settings" name="settings" rows="3" spellcheck="false">{textarea_text(&draft.settings)}</textarea>
                </div>
            </details>
            <div class="actions"><button id="create" class="primary" type="submit">"Create"</button></div>
            {problem.map(|problem| view! { <Notice problem/> })}
        </form>
    }
    .erase_whole();
    for_operators(form)
}
