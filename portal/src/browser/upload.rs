//! Sends files, and tells how far they are. `fetch` cannot tell that of what it sends, the older way can.

use contract::Problem;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Blob, Event, FormData, ProgressEvent, XmlHttpRequest};

use super::api;

/// What happened to an upload.
pub(crate) enum News {
    /// So much of a hundred is sent.
    Sent(u32),
    /// The answer so far; its last line may still be written.
    Answered(String),
    Ended(Result<(), Problem>),
}

pub(crate) enum Body {
    Form(FormData),
    Lines(Blob),
}

/// An upload that goes on whether this is kept or not.
pub(crate) struct Upload(XmlHttpRequest);

impl Upload {
    /// Nothing more is told of it.
    pub(crate) fn stop(&self) {
        self.0.set_onprogress(None);
        self.0.set_onloadend(None);
        // Fails only for what is over.
        let _ = self.0.abort();
    }
}

/// Sends what people chose to `address`.
pub(crate) fn send(
    address: &str,
    body: &Body,
    tell: impl Fn(News) + Clone + 'static,
) -> Option<Upload> {
    let upload = begin(address, body, tell.clone());
    if upload.is_none() {
        tell(News::Ended(Err(api::away())));
    }
    upload
}

fn begin(address: &str, body: &Body, tell: impl Fn(News) + Clone + 'static) -> Option<Upload> {
    let request = XmlHttpRequest::new().ok()?;
    request.open("POST", address).ok()?;
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
            let is_taken = request.status().is_ok_and(|status| status == 200);
            let outcome = match is_taken {
                true => Ok(()),
                false => Err(serde_json::from_str(&text).unwrap_or_else(|_| api::away())),
            };
            if is_taken {
                tell(News::Answered(text));
            }
            if event.type_() == "loadend" {
                tell(News::Ended(outcome));
            }
        })
    };
    request.set_onprogress(Some(answered.unchecked_ref()));
    request.set_onloadend(Some(answered.unchecked_ref()));
    match body {
        Body::Form(form) => request.send_with_opt_form_data(Some(form)),
        Body::Lines(lines) => {
            request
                .set_request_header("content-type", "application/x-ndjson")
                .ok()?;
            request.send_with_opt_blob(Some(lines))
        }
    }
    .ok()?;
    Some(Upload(request))
}

/// A function that the browser keeps as long as the request lasts.
fn handler(hear: impl FnMut(Event) + 'static) -> JsValue {
    Closure::<dyn FnMut(Event)>::new(hear).into_js_value()
}
