use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::erase::Erase;

/// What a form has done that led here, as `done` in the query says: one of `words`, by its name.
pub(crate) fn done(words: &'static [(&'static str, &'static str)]) -> AnyView {
    let query = use_query_map();
    let said = move || {
        let done = query.with(|query| query.get("done"))?;
        let (_, said) = words.iter().find(|(name, _)| *name == done)?;
        Some(view! { <p class="done" role="status">{*said}</p> })
    };
    view! { {said} }.erase()
}
