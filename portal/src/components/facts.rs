use leptos::prelude::*;

use crate::erase::Erase;

/// Names and values, one below the other.
pub(crate) fn facts(facts: Vec<(String, String)>) -> AnyView {
    let facts = facts.into_iter();
    view! {
        <dl class="facts">
            {facts.map(|(name, value)| view! { <dt>{name}</dt><dd><code>{value}</code></dd> }).collect_view()}
        </dl>
    }
    .erase()
}
