//! `/topics/{name}`: one topic with its partitions and settings, and deleting it.

use contract::cluster::{PartitionView, TopicConfig, TopicDescription};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::{
    address::escape,
    components::{confirm::Confirm, done::done, facts::facts, notice::Notice, table::table},
    erase::Erase,
    handover::handed_over,
    shown::{Refused, shown},
    words,
};

#[component]
pub(crate) fn Topic() -> impl IntoView {
    let shown = shown::<TopicDescription>();
    let refused = handed_over::<Refused<String>>();
    let name =
        Memo::new(move |_| use_params_map().with(|params| params.get("name").unwrap_or_default()));
    let problem = Memo::new(move |_| shown.with(|shown| shown.problem.clone()));
    let topic = move || shown.with(|shown| shown.data.as_ref().map(described));
    let may_be_deleted = Memo::new(move |_| {
        shown.with(|shown| {
            shown
                .data
                .as_ref()
                .is_some_and(|description| !description.topic.internal)
        })
    });
    view! {
        <Title text="Topic"/>
        <h1>"Topic "<code class="id">{move || name.get()}</code></h1>
        {done(&[("created", "The topic is made.")])}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {topic}
        {move || may_be_deleted.get().then(|| delete_form(name.get(), refused.clone()))}
        <p><a href="/topics">"All topics"</a></p>
    }
    .erase_whole()
}

fn described(description: &TopicDescription) -> AnyView {
    let topic = &description.topic;
    let known = [
        ("Messages", Some(words::number(topic.records as f64))),
        ("Per second", topic.rate.map(words::number)),
        (
            "Size",
            topic
                .size_bytes
                .map(|bytes| format!("about {}", words::bytes(bytes))),
        ),
        ("Kept", topic.retention.map(words::retention)),
        ("Id", description.id.map(|id| id.to_string())),
    ];
    let known = known.into_iter();
    let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let stream = format!("/stream?topics={}&from=earliest", escape(&topic.name));
    let partitions = topic.partitions.iter().map(partition).collect_view();
    let configs = description.configs.iter().map(config).collect_view();
    view! {
        {facts(known.collect())}
        <p><a href=stream>"Read its messages"</a></p>
        <h2>"Partitions"</h2>
        {table("Partitions", &["Partition", "Messages", "First offset", "Next offset", "Leader", "Copies"], partitions.erase())}
        <h2>"Settings"</h2>
        {table("Settings", &["Setting", "Value", "Set"], configs.erase())}
    }
    .erase()
}

fn partition(partition: &PartitionView) -> AnyView {
    let records = partition.next_offset.saturating_sub(partition.first_offset);
    let leader = match partition.leader {
        -1 => "none".to_owned(),
        leader => leader.to_string(),
    };
    view! {
        <tr>
            <th scope="row">{partition.partition.to_string()}</th>
            <td>{words::number(records as f64)}</td>
            <td>{partition.first_offset.to_string()}</td>
            <td>{partition.next_offset.to_string()}</td>
            <td>{leader}</td>
            <td>{copies(partition)}</td>
        </tr>
    }
    .erase()
}

/// How many brokers keep it, and how many of them have all of it.
fn copies(partition: &PartitionView) -> String {
    let (all, in_sync) = (partition.replicas.len(), partition.in_sync.len());
    if all == in_sync {
        all.to_string()
    } else {
        format!("{all}, of which {in_sync} in sync")
    }
}

fn config(config: &TopicConfig) -> AnyView {
    let origin = if config.is_own {
        "for this topic"
    } else {
        "by the broker"
    };
    view! {
        <tr>
            <th scope="row"><code>{config.name.clone()}</code></th>
            <td><code>{config.value.clone().unwrap_or_default()}</code></td>
            <td>{origin}</td>
        </tr>
    }
    .erase()
}

fn delete_form(name: String, refused: Refused<String>) -> AnyView {
    let confirm = Confirm {
        id: "confirm",
        action: format!("/topics/{}", escape(&name)),
        summary: "Delete this topic…",
        warning: "All its messages are lost. What the status store and the seer have learned from them stays.".into_any(),
        name,
        fields: Vec::new(),
        button: "Delete it",
        typed: refused.draft,
        problem: refused.problem,
    };
    confirm.view()
}
