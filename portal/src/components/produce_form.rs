use contract::Problem;
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};

use super::notice::Notice;
use crate::{
    browser::api, entry::Entry, erase::Erase, pages::round_trip::Draft, visitor::for_operators,
    words,
};

/// The message to send and DoIt. Without JavaScript it is a plain form; a failure keeps what was typed either way.
#[component]
pub(crate) fn ProduceForm(
    draft: Draft,
    problem: Option<Problem>,
    sent: Callback<Entry>,
) -> impl IntoView {
    let topic = NodeRef::<html::Input>::new();
    let key = NodeRef::<html::Input>::new();
    let message = NodeRef::<html::Textarea>::new();
    let headers = NodeRef::<html::Textarea>::new();
    let problem = RwSignal::new(problem);
    let report = RwSignal::new(String::new());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(topic), Some(key)) = (topic.get(), key.get()) else {
            return;
        };
        let (Some(message), Some(headers)) = (message.get(), headers.get()) else {
            return;
        };
        let draft = Draft {
            topic: topic.value(),
            key: key.value(),
            message: message.value(),
            headers: headers.value(),
        };
        // Nothing is locked meanwhile: clicking again sends again.
        spawn_local(async move {
            match api::produce(&draft).await {
                Ok(receipt) => {
                    problem.set(None);
                    report.set(format!(
                        "In the log after {}: {}/{} at offset {}.",
                        words::duration(receipt.took_us),
                        receipt.topic,
                        receipt.partition,
                        receipt.offset
                    ));
                    sent.run(Entry::of_receipt(receipt, &draft.key));
                }
                Err(why) => {
                    report.set(String::new());
                    problem.set(Some(why));
                }
            }
        });
    };
    let names = move |kind: &'static str| {
        problem.with(|problem| {
            problem
                .as_ref()
                .is_some_and(|problem| problem.kind.ends_with(kind))
        })
    };
    let invalid = move |kind| names(kind).then_some("true");
    let has_headers = !draft.headers.is_empty();
    let described = move |kind| names(kind).then_some("problem");
    // Erased: a page that holds it as one type is too deep for the compiler.
    for_operators(
    view! {
        <form class="produce" id="produce" method="post" action="/" on:submit=send>
            <div class="field">
                <label for="topic">"Topic"</label>
                <input id="topic" name="topic" node_ref=topic value=draft.topic required autocomplete="off" spellcheck="false" autocapitalize="none"
                    aria-invalid=move || invalid("invalid-topic") aria-describedby=move || described("invalid-topic")/>
            </div>
            <div class="field">
                <label for="key">"Key"<span class="hint">" keeps order; may be empty"</span></label>
                <input id="key" name="key" node_ref=key value=draft.key autocomplete="off" spellcheck="false" autocapitalize="none"
                    aria-invalid=move || invalid("invalid-key") aria-describedby=move || described("invalid-key")/>
            </div>
            <div class="field wide">
                <label for="payload">"Payload"<span class="hint">" sent as it is"</span></label>
                <textarea id="payload" name="message" node_ref=message rows="4" spellcheck="false" autocapitalize="none">{textarea_text(&draft.message)}</textarea>
            </div>
            <details class="wide" open=has_headers>
                <summary>"Headers"</summary>
                <div class="field">
                    <label for="headers">"One in each line"<span class="hint">" such as source: shop"</span></label>
                    <textarea id="headers" name="headers" node_ref=headers rows="2" spellcheck="false" autocapitalize="none"
                        aria-invalid=move || invalid("invalid-header") aria-describedby=move || described("invalid-header")>{textarea_text(&draft.headers)}</textarea>
                </div>
            </details>
            <div class="actions">
                <button id="do-it" class="primary" type="submit">"DoIt"</button>
                <p class="report" id="report" role="status">{move || report.get()}</p>
            </div>
            {move || problem.get().map(|problem| view! { <Notice problem id="problem"/> })}
        </form>
    }
    .erase_whole())
}

/// Leptos writes the text of a textarea into the page as it is, so the escapes that it makes elsewhere are made here.
///
/// A browser that builds the element itself would show them; it only ever does so with the default draft, which has none.
pub(crate) fn textarea_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    // HTML drops a line break at the very start.
    if escaped.starts_with('\n') {
        format!("\n{escaped}")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_textarea() {
        assert_eq!(textarea_text("</textarea>&lt;"), "&lt;/textarea>&amp;lt;");
        assert_eq!(textarea_text("\n\nx"), "\n\n\nx");
        let default = Draft::default().message;
        assert_eq!(
            textarea_text(&default),
            default,
            "the browser shows it as it is"
        );
    }
}
