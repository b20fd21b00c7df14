use leptos::prelude::*;

use crate::erase::Erase;

/// A field with which one of several is chosen: by the values of the query, and what people read.
pub(crate) fn choice(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    options: &'static [(&'static str, &'static str)],
    chosen: String,
) -> AnyView {
    let options = options.iter().map(|(value, words)| {
        let is_chosen = *value == chosen;
        view! { <option value=*value selected=is_chosen>{*words}</option> }
    });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id name=name>{options.collect_view()}</select>
        </div>
    }
    .erase_whole()
}
