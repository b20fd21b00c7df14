//! The page around all pages, and which address shows which.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::header::Header,
    conversation::Conversation,
    flow::Flow,
    handover::handed_over,
    pages::{
        about::{About, Platform},
        message::Message,
        not_found::NotFound,
        round_trip::RoundTrip,
        seer::SeerPage,
    },
};

/// The names of the files that a page loads, as `cargo xtask portal` wrote them to `site.json`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Site {
    js: String,
    wasm: String,
    css: String,
}

const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 13V3m0 6 7-6M5 7l6 6' \
                    fill='none' stroke='%232563eb' stroke-width='2.5' stroke-linecap='round'/%3E%3C/svg%3E";

/// The HTML document; rendered by the server alone.
#[cfg_attr(
    not(feature = "ssr"),
    expect(dead_code, reason = "the browser is given the document")
)]
pub(crate) fn shell() -> impl IntoView {
    let site = use_context::<Option<Site>>().flatten();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=ICON/>
                {site.map(|site| view! { <Assets site/> })}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Loads the styles, and the program that makes the page come alive.
#[component]
fn Assets(site: Site) -> impl IntoView {
    let [css, js, wasm] = [site.css, site.js, site.wasm].map(|file| format!("/assets/{file}"));
    // File names are hexadecimal digits and dots, so they need no escapes in JavaScript.
    let start = format!(
        "import start, {{ hydrate }} from '{js}'; await start({{ module_or_path: '{wasm}' }}); hydrate();"
    );
    view! {
        <link rel="stylesheet" href=css/>
        <link rel="modulepreload" href=js/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=use_nonce()>{start}</script>
    }
}

#[component]
pub(crate) fn App() -> impl IntoView {
    provide_meta_context();
    // Every page shows the stations or the addresses, so both come with the first one and stay.
    let flow = RwSignal::new(handed_over::<Flow>());
    provide_context(flow);
    provide_context(Memo::new(move |_| flow.with(Flow::seer)));
    provide_context(StoredValue::new(handed_over::<Platform>()));
    provide_context(Conversation::new());
    view! {
        <Title formatter=|title: String| format!("{title} · Kafkloud")/>
        <Router>
            <a class="skip" href="#main" rel="external">"Skip to content"</a>
            <Header/>
            <main id="main" tabindex="-1">
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=RoundTrip/>
                    <Route path=path!("/message/:id") view=Message/>
                    <Route path=path!("/seer") view=SeerPage/>
                    <Route path=path!("/about") view=About/>
                </FlatRoutes>
            </main>
        </Router>
    }
}
