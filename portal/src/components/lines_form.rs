use contract::Problem;
use leptos::{ev::SubmitEvent, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FormData, HtmlFormElement, js_sys::Array};

use super::{choice::choice, filters::field, notice::Notice};
use crate::{
    address::escape,
    browser::{
        keep, kept,
        upload::{self, Body, News, Upload},
    },
    erase::Erase,
    lines::{LineError, LinesForm, LinesSent},
    shown::Refused,
    visitor::for_operators,
    words,
};

const FORMATS: &[(&str, &str)] = &[("json", "JSON"), ("text", "any text")];

/// Many messages at once: the lines of a field, of a file, or of both. Without JavaScript it is a plain form.
pub(crate) fn lines_form(refused: Refused<LinesForm>) -> AnyView {
    let Refused { draft, problem } = refused;
    let problem = RwSignal::new(problem);
    let is_open = problem.with_untracked(Option::is_some);
    let sent = RwSignal::new(None::<LinesSent>);
    // Of a hundred, while lines are being sent.
    let percent = RwSignal::new(None::<u32>);
    let topic = RwSignal::new(String::new());
    let upload = kept::<Upload>();
    let send = move |event: SubmitEvent| {
        let form = event.target();
        let form = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let Some((form, lines)) = form.and_then(|form| read(&form)) else {
            return;
        };
        event.prevent_default();
        problem.set(None);
        sent.set(None);
        percent.set(Some(0));
        let address = address(&form);
        topic.set(form.topic);
        // Who has gone to another page meanwhile is told nothing, and the signals are gone.
        let hear = move |news| match news {
            News::Sent(so_far) => drop(percent.try_set(Some(so_far))),
            News::Answered(text) => {
                let latest = text.lines().rev();
                let mut latest = latest.filter_map(|line| serde_json::from_str(line).ok());
                sent.try_set(latest.next());
            }
            News::Ended(outcome) => {
                percent.try_set(None);
                let of_lines = sent.try_with_untracked(|sent| sent.as_ref()?.problem.clone());
                problem.try_set(outcome.err().or(of_lines.flatten()));
            }
        };
        keep(upload, upload::send(&address, &Body::Lines(lines), hear));
    };
    let stop = move |_| {
        upload.with_value(|upload| upload.iter().for_each(Upload::stop));
        percent.set(None);
        sent.update(|sent| *sent = Some(sent.take().unwrap_or_default()));
    };
    let progress = move || {
        let percent = percent.get()?;
        Some(view! {
            <progress max="100" value=percent.to_string() aria-label="Sent"></progress>
            <button id="stop-lines" type="button" on:click=stop>"Stop"</button>
        })
    };
    let report = move || report(percent.get(), sent.get().as_ref());
    let link = move || {
        let topic = topic.get();
        let has_some = sent.with(|sent| sent.as_ref().is_some_and(|sent| sent.acked > 0));
        let page = format!("/stream?topics={}&from=earliest", escape(&topic));
        has_some.then(|| view! { " "<a id="sent-lines" href=page>"Read them"</a> })
    };
    let errors = move || {
        let errors = sent.with(|sent| sent.as_ref().map(|sent| sent.errors.clone()));
        let errors = errors.unwrap_or_default().into_iter();
        errors.map(failure).collect_view()
    };
    let form = view! {
        <form class="produce" id="lines-form" method="post" action="/stream" enctype="multipart/form-data" on:submit=send>
            <div class="field">
                <label for="lines-topic">"Topic"</label>
                <input id="lines-topic" name="topic" value=draft.topic required list="known-topics" autocomplete="off" spellcheck="false" autocapitalize="none"/>
            </div>
            {field("key-field", "key_field", "text", "Key", " the field of each line that holds it, such as order.id", draft.key_field)}
            {choice("lines-format", "format", "Each line is", FORMATS, draft.format)}
            <div class="field wide">
                <label for="lines">"Lines"<span class="hint">" a message each"</span></label>
                <textarea id="lines" name="lines" rows="4" spellcheck="false" autocapitalize="none"></textarea>
            </div>
            <div class="field wide">
                <label for="lines-file">"File"<span class="hint">" with a message in each line, of any size"</span></label>
                <input id="lines-file" name="file" type="file"/>
            </div>
            <div class="actions">
                <button id="send-lines" class="primary" type="submit" disabled=move || percent.get().is_some()>"Send the lines"</button>
                {progress}
                <p class="report" id="lines-report" role="status">{report}{link}</p>
            </div>
            <ul class="loaded wide">{errors}</ul>
            {move || problem.get().map(|problem: Problem| view! { <Notice problem/> })}
        </form>
    }
    .erase_whole();
    view! {
        <details class="many" open=is_open>
            <summary>"Send many: lines, or a file"</summary>
            {for_operators(form)}
        </details>
    }
    .erase_whole()
}

/// What is in the form; the lines of the file follow those of the field, and are not read before they are sent.
fn read(form: &HtmlFormElement) -> Option<(LinesForm, Blob)> {
    let data = FormData::new_with_form(form).ok()?;
    let text = |name: &str| data.get(name).as_string().unwrap_or_default();
    let form = LinesForm {
        topic: text("topic"),
        key_field: text("key_field"),
        format: text("format"),
    };
    let parts = Array::of3(
        &data.get("lines"),
        &JsValue::from_str("\n"),
        &data.get("file"),
    );
    let lines = Blob::new_with_blob_sequence(&parts).ok()?;
    Some((form, lines))
}

fn address(form: &LinesForm) -> String {
    format!(
        "/api/stream/lines?topic={}&key_field={}&format={}",
        escape(&form.topic),
        escape(&form.key_field),
        escape(&form.format)
    )
}

fn report(percent: Option<u32>, sent: Option<&LinesSent>) -> String {
    let Some(sent) = sent else {
        return match percent {
            None => String::new(),
            Some(100) => "All is sent.".to_owned(),
            Some(percent) => format!("{percent} % sent."),
        };
    };
    if sent.finished && sent.is_nothing() {
        return "There were no lines. Write some, or choose a file.".to_owned();
    }
    let acked = match sent.acked {
        1 => "1 message is in the log.".to_owned(),
        acked => format!("{} messages are in the log.", words::number(acked as f64)),
    };
    let failed = match sent.failed {
        0 => String::new(),
        failed => format!(" {} lines were not sent.", words::number(failed as f64)),
    };
    // What is on its way when it ends may be written without a word of it.
    let is_cut = percent.is_none() && !sent.finished;
    let cut = if is_cut {
        "Not all was sent. At least "
    } else {
        ""
    };
    format!("{cut}{acked}{failed}")
}

fn failure(error: LineError) -> AnyView {
    view! { <li data-failed=""><strong>"Line "{error.line.to_string()}</strong>": "<span class="failure">{error.why}</span></li> }.erase_whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_how_far_it_is() {
        let sent = |acked, failed, finished| LinesSent {
            acked,
            failed,
            finished,
            ..LinesSent::default()
        };
        assert_eq!(report(None, None), "");
        assert_eq!(report(Some(42), None), "42 % sent.");
        let some = sent(1000, 0, false);
        assert_eq!(
            report(Some(100), Some(&some)),
            "1,000 messages are in the log."
        );
        assert_eq!(
            report(None, Some(&some)),
            "Not all was sent. At least 1,000 messages are in the log."
        );
        assert_eq!(
            report(None, Some(&sent(6168, 2, true))),
            "6,168 messages are in the log. 2 lines were not sent."
        );
        assert!(report(None, Some(&sent(0, 0, true))).starts_with("There were no lines."));
    }
}
