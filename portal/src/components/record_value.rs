use leptos::prelude::*;

use crate::{erase::Erase, record::Value};

/// A value as it was chosen to be shown, as text whatever it holds.
pub(crate) fn record_value(value: Value) -> AnyView {
    let notes = value.notes.into_iter();
    view! {
        {value.text.map(|text| view! {
            <div class="payload" tabindex="0" role="region" aria-label="Value"><code>{text}</code></div>
        })}
        {notes.map(|note| view! { <p class="hint">{note}</p> }).collect_view()}
    }
    .erase()
}
