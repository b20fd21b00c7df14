//! How a page that the server rendered comes alive in the browser.

use leptos::{
    mount::hydrate_body,
    prelude::{document, window},
};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

use crate::{app::App, pages::Page};

/// Called by the script that the page starts with.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    spawn_local(async {
        let path = window().location().pathname().unwrap_or_default();
        if let Some(page) = Page::at(&path)
            && (page.code.load)().await.is_err()
        {
            // Without its code the page stays as it is. Its links and forms work.
            return;
        }
        // With its code there, the page comes alive in one go.
        hydrate_body(App);
        mark();
    });
}

/// Tells tests, and style sheets that want to know, that the page has come alive.
fn mark() {
    if let Some(body) = document().body() {
        // Fails only for a name that is no attribute's.
        let _ = body.set_attribute("data-hydrated", "");
    }
}
