//! Sends files, and tells how far they are. `fetch` cannot tell that of what it sends, the older way can.

use contract::{Problem, seer::LoadedFile};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Event, FormData, HtmlFormElement, ProgressEvent, XmlHttpRequest};

use super::api;

/// What happened to an upload.
pub(crate) enum News {
    /// So much of a hundred is sent.
    Sent(u32),
    /// These files are loaded so far, or say why not.
    Loaded(Vec<LoadedFile>),
    Ended(Result<(), Problem>),
}

/// Sends the files of a form to the seer.
pub(crate) fn send(form: &HtmlFormElement, tell: impl Fn(News) + Clone + 'static) {
    if begin(form, tell.clone()).is_none() {
        tell(News::Ended(Err(api::away())));
    }
}

fn begin(form: &HtmlFormElement, tell: impl Fn(News) + Clone + 'static) -> Option<()> {
    let files = FormData::new_with_form(form).ok()?;
    let request = XmlHttpRequest::new().ok()?;
    request.open("POST", "/api/seer/load").ok()?;
    let sent = {
        let tell = tell.clone();
        handler(move |event| {
            if let Some(event) = event.dyn_ref::<ProgressEvent>() {
                let percent = 100.0 * event.loaded() / event.total().max(1.0);
                tell(News::Sent(percent as u32));
            }
        })
    };
    request
        .upload()
        .ok()?
        .set_onprogress(Some(sent.unchecked_ref()));
    let answered = {
        let request = request.clone();
        handler(move |event| {
            let text = request.response_text().ok().flatten().unwrap_or_default();
            let is_loaded = request.status().is_ok_and(|status| status == 200);
            if is_loaded {
                // The line that is being written is none yet.
                let files = text
                    .lines()
                    .filter_map(|line| serde_json::from_str(line).ok());
                tell(News::Loaded(LoadedFile::latest(files)));
            }
            if event.type_() == "loadend" {
                tell(News::Ended(match is_loaded {
                    true => Ok(()),
                    false => Err(serde_json::from_str(&text).unwrap_or_else(|_| api::away())),
                }));
            }
        })
    };
    request.set_onprogress(Some(answered.unchecked_ref()));
    request.set_onloadend(Some(answered.unchecked_ref()));
    request.send_with_opt_form_data(Some(&files)).ok()
}

/// A function that the browser keeps as long as the request lasts.
fn handler(hear: impl FnMut(Event) + 'static) -> wasm_bindgen::JsValue {
    Closure::<dyn FnMut(Event)>::new(hear).into_js_value()
}
