//! Keys that lead around: `/` to the page's search field, `g` and a letter to a page, `?` to the list of them.

use leptos::{
    ev::{self, KeyboardEvent, MouseEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement};

use super::dialog::dialog;
use crate::{
    browser::{find, storage},
    erase::Erase,
    pages::PAGES,
};

/// The dialog's id.
const ID: &str = "keyboard";
/// How long `g` waits for its letter.
const SEQUENCE_MS: f64 = 1500.0;
/// Where keys write.
const WRITTEN_INTO: &str = "input, textarea, select, [contenteditable]";

/// Listens, and holds the dialog that tells the keys and switches them off: who speaks to a computer, or whose hand slips, may not want
/// single letters to do anything.
#[component]
pub(crate) fn Keyboard() -> impl IntoView {
    let on = RwSignal::new(true);
    // When `g` was pressed last.
    let begun_at = StoredValue::new(f64::NEG_INFINITY);
    Effect::new(move |_| {
        on.set(storage::keys_are_on());
        let listener = window_event_listener(ev::keydown, move |event| {
            if on.get_untracked() && is_a_command(&event) {
                hear(&event, begun_at);
            }
        });
        on_cleanup(move || listener.remove());
    });
    let switch = move |event| {
        on.set(event_target_checked(&event));
        storage::switch_keys(on.get_untracked());
    };
    let pages = PAGES.iter().filter_map(|page| {
        let (name, key) = page.link?;
        Some(view! { <dt><kbd>"g"</kbd>" "<kbd>{key}</kbd></dt><dd>{name}</dd> })
    });
    let content = view! {
        <dl class="keys">
            <dt><kbd>"/"</kbd></dt><dd>"The page’s search field"</dd>
            {pages.collect_view()}
            <dt><kbd>"?"</kbd></dt><dd>"This list"</dd>
            <dt><kbd>"Esc"</kbd></dt><dd>"Close what is open"</dd>
        </dl>
        <label class="switch">
            <input id="keys-on" type="checkbox" checked=true prop:checked=move || on.get() on:change=switch/>
            "Single keys do this. This browser remembers the choice."
        </label>
    };
    dialog(ID, "Keyboard", content.erase_whole())
}

/// The button that opens the list.
pub(crate) fn opener() -> AnyView {
    view! {
        <button class="quiet" type="button" commandfor=ID command="show-modal" aria-label="Keyboard" title="Keyboard (?)"
            on:click=open_once>"?"</button>
    }
    .erase_whole()
}

/// Whether it is meant for the page, and for us: neither typed into a field nor a shortcut of the browser or a dialog.
fn is_a_command(event: &KeyboardEvent) -> bool {
    let is_chord = event.ctrl_key() || event.alt_key() || event.meta_key();
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let is_typed = target.is_some_and(|target| !matches!(target.closest(WRITTEN_INTO), Ok(None)));
    let is_taken = event.default_prevented() || event.is_composing() || event.repeat();
    !is_chord && !is_typed && !is_taken && find::<Element>("dialog[open]").is_none()
}

fn hear(event: &KeyboardEvent, begun_at: StoredValue<f64>) {
    let key = event.key();
    let now = event.time_stamp();
    let is_second = now - begun_at.get_value() < SEQUENCE_MS;
    begun_at.set_value(f64::NEG_INFINITY);
    match key.as_str() {
        second if is_second => {
            let leads_there = |link: (&str, char)| link.1.encode_utf8(&mut [0; 4]) == second;
            let page = PAGES.iter().find(|page| page.link.is_some_and(leads_there));
            let link =
                page.and_then(|page| find::<HtmlElement>(&format!("nav a[href='{}']", page.path)));
            if let Some(link) = link {
                link.click();
            }
        }
        "g" => begun_at.set_value(now),
        "?" => open(),
        "/" => {
            if let Some(field) = find::<HtmlElement>("[data-search]") {
                // The slash itself is not searched for.
                event.prevent_default();
                // Fails only where there is no focus at all.
                let _ = field.focus();
            }
        }
        _ => {}
    }
}

/// In the place of `commandfor`, which not every browser knows.
fn open_once(event: MouseEvent) {
    event.prevent_default();
    open();
}

fn open() {
    if let Some(dialog) =
        find::<HtmlDialogElement>(&format!("#{ID}")).filter(|dialog| !dialog.open())
    {
        // Fails only when it is open.
        let _ = dialog.show_modal();
    }
}
