//! What the log holds of a message.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::{
    address::escape,
    components::{facts::facts, record_value::record_value},
    erase::Erase,
    message::Record,
    record::Shape,
};

pub(super) fn record_view(record: Record) -> AnyView {
    let has_value = record.value.text.is_some();
    view! {
        <h2>"Record"</h2>
        {has_value.then(shapes)}
        {record_value(record.value)}
        {facts(record.facts)}
    }
    .erase()
}

/// How the value can be shown: links, so that the address says how, and so that they work without scripts.
fn shapes() -> AnyView {
    let path = use_location().pathname;
    let query = use_query_map();
    let chosen = move || query.with(|query| query.get("as")).unwrap_or_default();
    let links = Shape::ALL.map(|shape| {
        let href = move || {
            let at = query.with(|query| query.get("at"));
            let at = at.map(|at| format!("at={}&", escape(&at)));
            let path = path.get();
            format!("{path}?{}as={}", at.unwrap_or_default(), shape.name())
        };
        let is_chosen = move || match chosen() {
            name if name.is_empty() => shape == Shape::default(),
            name => shape.name() == name,
        };
        view! { <a href=href data-noscroll="" aria-current=move || is_chosen().then_some("true")>{shape.title()}</a> }
    });
    view! { <nav class="shapes" aria-label="How the value is shown">{links.collect_view()}</nav> }
        .erase()
}
