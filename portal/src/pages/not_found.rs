use leptos::prelude::*;
use leptos_meta::Title;

use crate::erase::Erase;

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <h1>"There is no such page"</h1>
        <p>"The address may be mistyped. "<a href="/">"Send a message"</a>" or read "<a href="/about">"what this is"</a>"."</p>
    }
    .erase_whole()
}
