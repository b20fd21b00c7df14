use contract::{Problem, seer::LoadedFile};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};

use super::{notice::Notice, produce_form::textarea_text, receipt_card::receipt_cards};
use crate::{
    browser::{
        api,
        upload::{self, Body, News},
    },
    entry::Entry,
    erase::Erase,
    receipts::Receipts,
    visitor::for_operators,
};

/// Statements and files for the seer to learn. Without JavaScript both are plain forms.
#[component]
pub(crate) fn Teach(
    statement: String,
    loaded: Vec<LoadedFile>,
    problem: Option<Problem>,
    receipts: Receipts,
    taught: Callback<Entry>,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let problem = RwSignal::new(problem);
    let teach = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get() else { return };
        spawn_local(async move {
            match api::teach(field.value()).await {
                Ok(receipt) => {
                    problem.set(None);
                    field.set_value("");
                    taught.run(Entry::of_receipt(receipt, ""));
                }
                Err(why) => problem.set(Some(why)),
            }
        });
    };
    let forms = view! {
        <form class="produce" method="post" action="/seer" on:submit=teach>
            <div class="field wide">
                <label for="statement">"Statement"<span class="hint">" learned as it is"</span></label>
                <textarea id="statement" name="statement" node_ref=field rows="3" required>{textarea_text(&statement)}</textarea>
            </div>
            <div class="actions"><button id="teach-it" type="submit">"Teach"</button></div>
        </form>
        {files(loaded, problem)}
    }
    .erase_whole();
    view! {
        <section id="teach" aria-labelledby="teach-title">
            <h2 id="teach-title">"Teach"</h2>
            {for_operators(forms)}
            {move || problem.get().map(|problem| view! { <Notice problem id="teach-problem"/> })}
            {receipt_cards(receipts)}
        </section>
    }
    .erase_whole()
}

fn files(loaded: Vec<LoadedFile>, problem: RwSignal<Option<Problem>>) -> AnyView {
    let loaded = RwSignal::new(loaded);
    // Of a hundred, while files are being sent.
    let sent = RwSignal::new(None::<u32>);
    let load = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event.target();
        let form = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let Some(files) = form.and_then(|form| FormData::new_with_form(&form).ok()) else {
            return;
        };
        loaded.set(Vec::new());
        problem.set(None);
        sent.set(Some(0));
        upload::send("/api/seer/load", &Body::Form(files), move |news| {
            match news {
                News::Sent(percent) => sent.set(Some(percent)),
                News::Answered(text) => {
                    // The line that is being written is none yet.
                    let files = text.lines();
                    let files = files.filter_map(|line| serde_json::from_str(line).ok());
                    loaded.set(LoadedFile::latest(files));
                }
                News::Ended(outcome) => {
                    sent.set(None);
                    problem.set(outcome.err());
                }
            }
        });
    };
    let progress = move |percent: u32| {
        let words = match percent {
            100 => "Sent; being written to the log…".to_owned(),
            percent => format!("{percent} % sent"),
        };
        view! { <progress max="100" value=percent.to_string()></progress><p class="report">{words}</p> }
    };
    view! {
        <form class="produce" id="load" method="post" action="/seer" enctype="multipart/form-data" on:submit=load>
            <div class="field wide">
                <label for="files">"Files"<span class="hint">" txt, md, json, ndjson, csv, html, pdf"</span></label>
                <input id="files" name="files" type="file" multiple required accept=".txt,.md,.json,.ndjson,.jsonl,.csv,.html,.htm,.pdf"/>
            </div>
            <div class="actions" role="status">
                <button id="load-it" type="submit">"Load"</button>
                {move || sent.get().map(progress)}
            </div>
            <ul class="loaded wide" role="status">{move || loaded.get().into_iter().map(file).collect_view()}</ul>
        </form>
    }
    .erase_whole()
}

/// What became of a file; a failure names it.
fn file(file: LoadedFile) -> AnyView {
    let messages = match file.messages {
        1 => "1 message".to_owned(),
        messages => format!("{messages} messages"),
    };
    let going_on = (!file.finished).then_some(" so far");
    let link = file
        .first
        .map(|id| view! { " · "<a href=format!("/message/{id}")>"the first"</a> });
    let failed = file.error.is_some().then_some("");
    view! {
        <li data-failed=failed>
            <strong>{file.name}</strong>": "{messages}{going_on}{link}
            {file.error.map(|error| view! { <span class="failure">" · "{error}</span> })}
        </li>
    }
    .erase_whole()
}
