//! What only a browser has. Called from effects and event handlers, which never run on the server.

pub(crate) mod api;
pub(crate) mod live;
pub(crate) mod save;
pub(crate) mod sse;
pub(crate) mod storage;
pub(crate) mod tail;
pub(crate) mod upload;

use leptos::{
    prelude::{StoredValue, UpdateValue},
    reactive::send_wrapper_ext::SendOption,
};
use wasm_bindgen::{JsCast, JsValue};

/// Something of a browser's that a page keeps. On the server there never is any, and pages are dropped there by whichever thread comes to it:
/// `StoredValue::new_local` would panic.
pub(crate) type Kept<T> = StoredValue<SendOption<T>>;

pub(crate) fn kept<T: 'static>() -> Kept<T> {
    StoredValue::new(SendOption::new_local(None))
}

/// Puts another one in its place, or none.
pub(crate) fn keep<T: 'static>(place: Kept<T>, value: Option<T>) {
    // It is gone when the page is.
    place.try_update_value(|kept| kept.update(|kept| *kept = value));
}

/// The first element that a selector finds.
pub(crate) fn find<T: JsCast>(selector: &str) -> Option<T> {
    let found = leptos::prelude::document().query_selector(selector).ok()?;
    found?.dyn_into().ok()
}

/// Makes this page's address another one, without going there.
pub(crate) fn note(address: &str) {
    if let Ok(history) = leptos::prelude::window().history() {
        // Fails only for what is no address of this portal.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(address));
    }
}

/// Leaves this page for the one that the server sends.
pub(crate) fn go(address: &str) {
    // Fails only for what is no address.
    let _ = leptos::prelude::window().location().set_href(address);
}
