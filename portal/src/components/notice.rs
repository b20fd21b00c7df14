use contract::Problem;
use leptos::prelude::*;

use crate::erase::Erase;

/// Something went wrong: what, and what to do. Read out at once by screen readers.
#[component]
pub(crate) fn Notice(
    problem: Problem,
    /// For the fields that it is about.
    #[prop(optional)]
    id: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="notice" role="alert" id=id>
            <strong>{problem.title}</strong>
            <p>{problem.detail}</p>
        </div>
    }
    .erase_whole()
}
