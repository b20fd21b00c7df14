use leptos::prelude::*;

use crate::erase::Erase;

/// Fields that narrow what a form asks for, folded away until they are wanted. Their names are those of the query.
pub(crate) fn filters(is_open: bool, fields: AnyView) -> AnyView {
    view! {
        <details class="wide" open=is_open>
            <summary>"Filters"</summary>
            <div class="filters">{fields}</div>
        </details>
    }
    .erase_whole()
}

/// One of them, with its label. `kind` is that of the input.
pub(crate) fn field(
    id: &'static str,
    name: &'static str,
    kind: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
) -> AnyView {
    view! {
        <div class="field">
            <label for=id>{label}<span class="hint">{hint}</span></label>
            <input id=id name=name type=kind value=value autocomplete="off"/>
        </div>
    }
    .erase_whole()
}
