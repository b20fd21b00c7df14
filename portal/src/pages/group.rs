//! `/groups/{group}`: one group with its members and lag, and moving its offsets.

use contract::cluster::{
    GroupPartitionView, GroupView, MemberView, OffsetMove, OffsetResetOutcome,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::{
    address::escape,
    components::{
        choice::choice, confirm::Confirm, done::done, facts::facts, filters::field, notice::Notice,
        table::table,
    },
    erase::Erase,
    groups::{GroupPage, ResetForm},
    handover::handed_over,
    shown::{Refused, shown},
    words,
};

const PLACES: &[(&str, &str)] = &[
    ("earliest", "the beginning"),
    ("latest", "the end"),
    ("time", "a time"),
    ("offset", "an offset"),
];

#[component]
pub(crate) fn Group() -> impl IntoView {
    let shown = shown::<GroupPage>();
    let refused = handed_over::<Refused<String>>();
    let name =
        Memo::new(move |_| use_params_map().with(|params| params.get("group").unwrap_or_default()));
    let problem = Memo::new(move |_| shown.with(|shown| shown.problem.clone()));
    let group = move || shown.with(|shown| shown.data.as_ref().map(|page| described(&page.group)));
    // What people type into stays as it is when the rest is renewed.
    let asked = Memo::new(move |_| shown.with(|shown| Some(shown.data.as_ref()?.reset.clone())));
    let refusal = Memo::new(move |_| shown.with(|shown| shown.data.as_ref()?.problem.clone()));
    let preview = move || shown.with(|shown| shown.data.as_ref()?.preview.as_ref().map(preview));
    let can_be_done = Memo::new(move |_| {
        shown.with(|shown| {
            shown
                .data
                .as_ref()
                .is_some_and(|page| page.preview.is_some())
        })
    });
    let confirm = move || {
        let reset = asked.get().filter(|_| can_be_done.get())?;
        Some(confirm(name.get(), reset, refused.clone()))
    };
    view! {
        <Title text="Group"/>
        <h1>"Group "<code class="id">{move || name.get()}</code></h1>
        {done(&[("reset", "The offsets are moved. The group goes on from there when it reads again.")])}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {group}
        <h2 id="reset">"Move its offsets"</h2>
        <p>"To read messages again, or to leave some out. The group must not be reading meanwhile."</p>
        {move || asked.get().map(|asked| reset_form(name.get(), asked))}
        {move || refusal.get().map(|problem| view! { <Notice problem/> })}
        {preview}
        {confirm}
        <p><a href="/groups">"All groups"</a></p>
    }
    .erase_whole()
}

fn described(group: &GroupView) -> AnyView {
    let known = [
        ("State", Some(group.state.clone())),
        (
            "Behind by",
            Some(format!("{} messages", words::number(group.lag as f64))),
        ),
        ("Per second", group.rate.map(words::number)),
    ];
    let known = known.into_iter();
    let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    view! {
        {facts(known.collect())}
        <h2>"Members"</h2>
        {members(&group.members)}
        <h2>"Partitions"</h2>
        {partitions(&group.partitions)}
    }
    .erase()
}

fn members(members: &[MemberView]) -> AnyView {
    if members.is_empty() {
        return view! { <p class="empty">"Nobody reads for this group now. What it has yet to read waits."</p> }.erase();
    }
    let rows = members.iter().map(|member| {
        let assigned = member.assigned.iter();
        let assigned: Vec<String> = assigned
            .map(|place| format!("{}/{}", place.topic, place.partition))
            .collect();
        view! {
            <tr>
                <th scope="row"><code>{member.client_id.clone()}</code></th>
                <td>{member.client_host.clone()}</td>
                <td class="wrap">{assigned.join(", ")}</td>
                <td><code>{member.member_id.clone()}</code></td>
            </tr>
        }
        .erase()
    });
    table(
        "Members",
        &["Client", "Host", "Reads", "Member"],
        rows.collect_view().erase(),
    )
}

fn partitions(partitions: &[GroupPartitionView]) -> AnyView {
    if partitions.is_empty() {
        return view! { <p class="empty">"It has committed no offset yet."</p> }.erase();
    }
    let rows = partitions.iter().map(|partition| {
        let place = format!("{}:{}", partition.topic, partition.partition);
        let topic = format!("/topics/{}", escape(&partition.topic));
        view! {
            <tr data-place=place>
                <th scope="row"><a href=topic>{partition.topic.clone()}</a></th>
                <td>{partition.partition.to_string()}</td>
                <td data-lag="">{words::number(partition.lag as f64)}</td>
                <td>{partition.committed_offset.to_string()}</td>
                <td>{partition.next_offset.to_string()}</td>
            </tr>
        }
        .erase()
    });
    let headings = &["Topic", "Partition", "Behind by", "Reads next", "End"];
    table("Partitions", headings, rows.collect_view().erase())
}

/// Asks for a preview; nothing is moved by it.
fn reset_form(name: String, asked: ResetForm) -> AnyView {
    let page = format!("/groups/{}#reset", escape(&name));
    view! {
        <form class="produce" method="get" action=page>
            {choice("to", "to", "Go on from", PLACES, asked.to)}
            {field("topics", "topics", "text", "Topics", " separated by commas; all when empty", asked.topics)}
            {field("time", "time", "datetime-local", "Time", " UTC; for a time", asked.time)}
            {field("offset", "offset", "number", "Offset", " for an offset", asked.offset)}
            <div class="actions"><button id="preview" class="primary" type="submit">"Show what would move"</button></div>
        </form>
    }
    .erase_whole()
}

fn preview(outcome: &OffsetResetOutcome) -> AnyView {
    let rows = outcome.partitions.iter().map(moved).collect_view();
    let headings = &[
        "Topic",
        "Partition",
        "Reads next",
        "Would read next",
        "Again",
        "Left out",
    ];
    view! {
        <p id="outcome" role="status">
            <strong>{words::number(outcome.replays as f64)}</strong>" messages would be read again, "
            <strong>{words::number(outcome.skips as f64)}</strong>" never."
        </p>
        {table("What would move", headings, rows.erase())}
    }
    .erase()
}

fn moved(partition: &OffsetMove) -> AnyView {
    view! {
        <tr>
            <th scope="row">{partition.topic.clone()}</th>
            <td>{partition.partition.to_string()}</td>
            <td>{words::known(partition.before.map(|offset| offset.to_string()))}</td>
            <td>{partition.after.to_string()}</td>
            <td>{words::number(partition.replays as f64)}</td>
            <td>{words::number(partition.skips as f64)}</td>
        </tr>
    }
    .erase()
}

fn confirm(name: String, reset: ResetForm, refused: Refused<String>) -> AnyView {
    let confirm = Confirm {
        id: "confirm",
        action: format!("/groups/{}", escape(&name)),
        summary: "Move the offsets so…",
        warning: "Its readers see messages again, or miss some, as the preview says.".into_any(),
        name,
        fields: vec![
            ("to", reset.to),
            ("time", reset.time),
            ("offset", reset.offset),
            ("topics", reset.topics),
        ],
        button: "Move them",
        typed: refused.draft,
        problem: refused.problem,
    };
    confirm.view()
}
