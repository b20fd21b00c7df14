use leptos::prelude::*;
use leptos_router::components::A;

use super::keyboard;
use crate::{erase::Erase, pages::PAGES};

#[component]
pub(crate) fn Header() -> impl IntoView {
    let links = PAGES.iter().filter_map(|page| {
        let (name, _) = page.link?;
        // Every address begins with that of home.
        let exact = page.path == "/";
        Some(view! { <A href=page.path exact>{name}</A> })
    });
    view! {
        <header class="site">
            <a class="brand" href="/">"Kafkloud"</a>
            <nav aria-label="Pages">{links.collect_view()}</nav>
            {keyboard::opener()}
        </header>
    }
    .erase_whole()
}
