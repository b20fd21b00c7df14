use leptos::prelude::*;

use crate::erase::Erase;

/// A table with a name, which scrolls sideways by itself where the page is narrow. `rows` are its `<tr>`s, each with a row's heading first.
pub(crate) fn table(name: &'static str, headings: &[&'static str], rows: AnyView) -> AnyView {
    let headings = headings.iter();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=name>
            <table>
                <caption class="hidden">{name}</caption>
                <thead><tr>{headings.map(|heading| view! { <th scope="col">{*heading}</th> }).collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .erase()
}
