//! Gives people a file.

use std::time::Duration;

use leptos::prelude::{document, set_timeout};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlAnchorElement, Url, js_sys::Array};

/// After which no browser still reads what it saves.
const READ_BY: Duration = Duration::from_secs(60);

/// Has the browser save `text` under `name`, as it saves what is downloaded.
pub(crate) fn save(name: &str, text: &str) -> Result<(), JsValue> {
    let parts = Array::of1(&JsValue::from_str(text));
    let blob = Blob::new_with_str_sequence(&parts)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    // Fails only for what is no such address.
    set_timeout(move || drop(Url::revoke_object_url(&address)), READ_BY);
    Ok(())
}
