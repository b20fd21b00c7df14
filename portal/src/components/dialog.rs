use leptos::prelude::*;

use crate::erase::Erase;

/// A dialog over the page. A button with `commandfor` its id and `command="show-modal"` opens it, without a script too; Esc, its own
/// button and a click beside it close it.
pub(crate) fn dialog(id: &'static str, title: &'static str, content: AnyView) -> AnyView {
    let labelled_by = format!("{id}-title");
    let title_id = labelled_by.clone();
    view! {
        <dialog id=id aria-labelledby=labelled_by closedby="any">
            <form class="section-head" method="dialog">
                <h2 id=title_id>{title}</h2>
                <button class="quiet" type="submit">"Close"</button>
            </form>
            {content}
        </dialog>
    }
    .erase_whole()
}
