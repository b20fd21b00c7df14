//! `/stream`: what lies in the topics, and what comes, live.

use std::sync::Arc;

use contract::record::RecordView;
use leptos::{ev, ev::MouseEvent, prelude::*};
use leptos_meta::Title;
use web_sys::{HtmlElement, HtmlInputElement, HtmlTextAreaElement, VisibilityState};

use crate::{
    browser::{find, save},
    components::{
        choice::choice,
        filters::{field, filters},
        notice::Notice,
        produce_form::ProduceForm,
        record_detail::record_detail,
        record_list::record_list,
        tail_state::tail_state,
    },
    erase::Erase,
    pages::round_trip::Draft,
    record::Shape,
    shown::shown_once,
    stream::{
        StreamData, StreamForm,
        tail::{State, Tail},
    },
};

const PLACES: &[(&str, &str)] = &[
    ("latest", "now on"),
    ("earliest", "the beginning"),
    ("time", "a time"),
    ("offset", "an offset"),
];
const RATES: &[(&str, &str)] = &[
    ("50", "50 a second"),
    ("200", "200 a second"),
    ("1000", "1,000 a second"),
    ("all", "all of them"),
];

#[component]
pub(crate) fn StreamPage() -> impl IntoView {
    let shown = shown_once::<StreamData>();
    let tail = Tail::new();
    let chosen = RwSignal::new(None::<Arc<RecordView>>);
    let shape = RwSignal::new(Shape::default());
    let data = Memo::new(move |_| shown.with(|shown| shown.data.clone()));
    let form = move || data.with_untracked(|data| data.as_ref().map(|data| data.form.clone()));
    // The records are there when the page is rendered, live or not.
    data.with_untracked(|data| data.iter().for_each(|data| tail.begin(data)));
    Effect::new(move |before: Option<Option<StreamForm>>| {
        let now = data.with(|data| data.as_ref().map(|data| data.form.clone()));
        if before.as_ref() == Some(&now) {
            return now;
        }
        if before.is_some() {
            data.with_untracked(|data| data.iter().for_each(|data| tail.begin(data)));
            chosen.set(None);
        }
        let has_problem =
            data.with_untracked(|data| data.as_ref().is_some_and(|data| data.problem.is_some()));
        if let Some(form) = now.as_ref().filter(|_| !has_problem) {
            tail.go_on(form);
        }
        now
    });
    pause_when_hidden(tail, form);
    let problem = Memo::new(move |_| {
        shown
            .with(|shown| shown.problem.clone())
            .or(tail.problem.get())
    });
    let again = Callback::new(move |record: Arc<RecordView>| write_again(&record));
    let close = Callback::new(move |()| chosen.set(None));
    let asked = Memo::new(move |_| {
        data.with(|data| {
            data.as_ref()
                .map(|data| (data.form.clone(), data.topics.clone()))
        })
    });
    view! {
        <Title text="Stream"/>
        <h1>"Stream"</h1>
        {move || asked.get().map(|(form, topics)| stream_form(form, &topics))}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {tail_state(tail, Callback::new(move |()| form().iter().for_each(|form| tail.go_on(form))))}
        <div class="tail" data-detail=move || chosen.with(Option::is_some).then_some("")>
            {record_list(tail, chosen)}
            {move || chosen.get().map(|record| record_detail(record, shape, again, close))}
        </div>
        {move || data.with(|data| data.as_ref().map(|data| more(data, tail)))}
        <h2 id="send">"Send a message"</h2>
        <ProduceForm draft=Draft::default() problem=None sent=Callback::new(|_| ())/>
    }
    .erase()
}

/// Browsers allow six connections to a server for all its tabs together, and draw nothing in a tab that nobody sees.
fn pause_when_hidden(tail: Tail, form: impl Fn() -> Option<StreamForm> + Copy + 'static) {
    let was_live = StoredValue::new(false);
    Effect::new(move |_| {
        let listener = window_event_listener(ev::visibilitychange, move |_| {
            let is_hidden = document().visibility_state() == VisibilityState::Hidden;
            let is_live = matches!(tail.state.get_untracked(), State::Live | State::Broken);
            if is_hidden && is_live {
                was_live.set_value(true);
                tail.pause();
            } else if !is_hidden && was_live.get_value() {
                was_live.set_value(false);
                form().iter().for_each(|form| tail.go_on(form));
            }
        });
        on_cleanup(move || listener.remove());
    });
}

fn stream_form(form: StreamForm, topics: &[String]) -> AnyView {
    let is_narrowed =
        !form.time.is_empty() || !form.offset.is_empty() || form.rate != StreamForm::default().rate;
    let topics = topics
        .iter()
        .map(|topic| view! { <option value=topic.clone()></option> });
    let fields = view! {
        {field("time", "time", "datetime-local", "Time", " UTC; to begin at a time", form.time)}
        {field("offset", "offset", "number", "Offset", " to begin at an offset", form.offset)}
        {choice("rate", "rate", "Show at most", RATES, form.rate)}
    };
    view! {
        <form class="produce" id="stream-form" method="get" action="/stream">
            <div class="field">
                <label for="topics">"Topics"<span class="hint">" separated by commas; all when empty"</span></label>
                <input id="topics" name="topics" list="known-topics" value=form.topics autocomplete="off" spellcheck="false" autocapitalize="none"/>
                <datalist id="known-topics">{topics.collect_view()}</datalist>
            </div>
            {choice("from", "from", "From", PLACES, form.from)}
            <div class="field">
                <label for="text">"Contains"<span class="hint">" in key, value or a header"</span></label>
                <input id="text" name="text" type="search" data-search="" value=form.text autocomplete="off"/>
            </div>
            <div class="field">
                <label for="where">"Where"<span class="hint">" a jq expression, such as .value.order > 40"</span></label>
                <input id="where" name="where" value=form.expression autocomplete="off" spellcheck="false" autocapitalize="none"/>
            </div>
            {filters(is_narrowed, fields.erase())}
            <div class="actions"><button id="show" class="primary" type="submit">"Show"</button></div>
        </form>
    }
    .erase()
}

/// The way to further records without scripts, and to all that are shown as a file.
fn more(data: &StreamData, tail: Tail) -> AnyView {
    let query = data.form.query();
    let next = data
        .next
        .as_ref()
        .map(|next| format!("/stream?{query}&cursor={}", crate::address::escape(next)));
    let export = format!("/api/stream/export?{query}");
    let save = move |event: MouseEvent| {
        if save::save("records.ndjson", &tail.lines()).is_ok() {
            event.prevent_default();
        }
    };
    let failed = (data.failed > 0).then(|| {
        let why = data.error.clone().unwrap_or_default();
        view! { <p class="remark">{data.failed.to_string()}" records are left out, because the expression fails on them: "{why}</p> }
    });
    view! {
        {failed}
        <p class="more">
            <a id="export" href=export rel="external" download="records.ndjson" on:click=save>"Save these as NDJSON"</a>
            {next.map(|next| view! { " · "<a href=next rel="external">"Further records"</a> })}
        </p>
    }
    .erase()
}

/// Writes a record into the form, where it can be changed before it is sent.
fn write_again(record: &RecordView) {
    for (field, text) in [
        ("#topic", Some(&record.topic)),
        ("#key", record.key.as_ref()),
    ] {
        if let Some(field) = find::<HtmlInputElement>(field) {
            field.set_value(text.map_or("", String::as_str));
        }
    }
    if let Some(field) = find::<HtmlTextAreaElement>("#payload") {
        field.set_value(record.value.as_deref().unwrap_or_default());
    }
    if let Some(button) = find::<HtmlElement>("#do-it") {
        // Fails only where there is no focus at all.
        let _ = button.focus();
    }
}
