//! The HTML document around a page. Browsers are given it, so the server alone renders it.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use super::assets::Files;
use crate::app::App;

const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 13V3m0 6 7-6M5 7l6 6' \
                    fill='none' stroke='%232563eb' stroke-width='2.5' stroke-linecap='round'/%3E%3C/svg%3E";

pub(crate) fn document() -> impl IntoView {
    let files = use_context::<Option<Files>>().flatten();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=ICON/>
                {files.map(load)}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Loads the styles, and the program that makes the page come alive: all of it that this page needs, at once.
fn load(files: Files) -> impl IntoView {
    let Files {
        css,
        js,
        loader,
        wasm,
        chunks,
    } = files;
    // File names hold nothing that needs escapes in JavaScript.
    let start = format!(
        "import start, {{ hydrate }} from '{js}'; await start({{ module_or_path: '{wasm}' }}); hydrate();"
    );
    let code = [wasm].into_iter().chain(chunks).map(|file| {
        view! { <link rel="preload" href=file r#as="fetch" crossorigin="anonymous"/> }
    });
    view! {
        <link rel="stylesheet" href=css/>
        <link rel="modulepreload" href=js/>
        <link rel="modulepreload" href=loader/>
        {code.collect_view()}
        <script type="module" nonce=use_nonce()>{start}</script>
    }
}
