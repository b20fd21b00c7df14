use leptos::prelude::*;
use leptos_router::components::A;

use crate::erase::Erase;

#[component]
pub(crate) fn Header() -> impl IntoView {
    view! {
        <header class="site">
            <a class="brand" href="/">"Kafkloud"</a>
            <nav aria-label="Pages">
                <A href="/" exact=true>"Round trip"</A>
                <A href="/seer">"Seer"</A>
                <A href="/about">"About"</A>
            </nav>
        </header>
    }
    .erase()
}
