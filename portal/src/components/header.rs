use leptos::prelude::*;
use leptos_router::components::A;

use super::keyboard;
use crate::{
    erase::Erase,
    pages::PAGES,
    visitor::{Visitor, use_visitor},
};

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
            {use_visitor().name.map(sign_out)}
            {keyboard::opener()}
        </header>
    }
    .erase_whole()
}

/// Who is signed in, and the way out.
fn sign_out(name: String) -> AnyView {
    let Visitor { may_operate, .. } = use_visitor();
    let role = if may_operate { "operator" } else { "viewer" };
    // By a token everybody is called by the role.
    let role = (name != role).then(|| format!(" ({role})"));
    view! {
        <form class="visitor" method="post" action="/sign-out">
            <span id="visitor">{name}{role}</span>
            <button class="quiet" type="submit">"Sign out"</button>
        </form>
    }
    .erase()
}
