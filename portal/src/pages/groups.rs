//! `/groups`: the consumer groups, and how far behind they are.

use contract::cluster::GroupView;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    address::escape,
    components::{notice::Notice, table::table},
    erase::Erase,
    groups::{GroupFilter, GroupList},
    shown::shown,
    words,
};

const HEADINGS: &[&str] = &[
    "Group",
    "State",
    "Behind by",
    "Per second",
    "Members",
    "Partitions",
];

#[component]
pub(crate) fn Groups() -> impl IntoView {
    let shown = shown::<GroupList>();
    let problem = Memo::new(move |_| shown.with(|shown| shown.problem.clone()));
    // What people type into stays as it is when the rest is renewed.
    let filter = Memo::new(move |_| {
        let filter = shown.with(|shown| shown.data.as_ref().map(|list| list.filter.clone()));
        filter.unwrap_or_default()
    });
    let list = move || shown.with(|shown| shown.data.as_ref().map(list));
    view! {
        <Title text="Groups"/>
        <h1>"Groups"</h1>
        <p class="lead">"A group of readers shares a topic’s partitions and remembers how far it has read. The one that is most behind comes first."</p>
        {move || filter_form(filter.get())}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {list}
    }
    .erase_whole()
}

fn filter_form(filter: GroupFilter) -> AnyView {
    view! {
        <form class="search" method="get" action="/groups">
            <input id="q" name="q" type="search" data-search="" value=filter.q aria-label="Name contains" placeholder="Name contains" autocomplete="off"/>
            <button type="submit">"Show"</button>
        </form>
    }
    .erase_whole()
}

fn list(list: &GroupList) -> AnyView {
    if list.groups.is_empty() {
        return view! {
            <p class="empty">{if list.total == 0 {
                "No group reads yet. A Kafka client with a group.id makes one."
            } else {
                "No group matches. Change the name."
            }}</p>
        }
        .erase();
    }
    let rows = list.groups.iter().map(row).collect_view();
    table("Groups", HEADINGS, rows.erase())
}

fn row(group: &GroupView) -> AnyView {
    let page = format!("/groups/{}", escape(&group.group));
    view! {
        <tr data-group=group.group.clone()>
            <th scope="row"><a href=page>{group.group.clone()}</a></th>
            <td>{group.state.clone()}</td>
            <td data-lag=group.lag.to_string()>{words::number(group.lag as f64)}</td>
            <td>{words::known(group.rate.map(words::number))}</td>
            <td>{group.members.len().to_string()}</td>
            <td>{group.partitions.len().to_string()}</td>
        </tr>
    }
    .erase()
}
