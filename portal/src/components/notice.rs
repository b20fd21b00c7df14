use contract::Problem;
use leptos::prelude::*;

/// Something went wrong: what, and what to do. Read out at once by screen readers.
#[component]
pub(crate) fn Notice(problem: Problem) -> impl IntoView {
    view! {
        <div class="notice" role="alert" id="problem">
            <strong>{problem.title}</strong>
            <p>{problem.detail}</p>
        </div>
    }
}
