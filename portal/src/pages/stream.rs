//! `/stream`: what lies in the topics, and what comes, live.

use std::sync::Arc;

use contract::{header::is_own, record::RecordView};
use leptos::{
    ev,
    ev::{KeyboardEvent, MouseEvent},
    prelude::*,
};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use web_sys::{HtmlElement, HtmlInputElement, HtmlTextAreaElement, VisibilityState};

use crate::{
    address::escape,
    browser::{find, save},
    components::{
        choice::choice,
        filters::{field, filters},
        lines_form::lines_form,
        notice::Notice,
        produce_form::ProduceForm,
        record_detail::record_detail,
        record_list::record_list,
        tail_state::tail_state,
    },
    erase::Erase,
    handover::handed_over,
    lines::LinesForm,
    pages::round_trip::Draft,
    record::Shape,
    shown::{Refused, Shown, shown_once},
    stream::{StreamData, StreamForm, tail::Tail},
    words,
};

const PLACES: &[(&str, &str)] = &[
    ("latest", "now on"),
    ("earliest", "the beginning"),
    ("time", "a time"),
    ("offset", "an offset"),
];
const RATES: &[(&str, &str)] = &[
    ("", "200 a second, all of the past"),
    ("50", "50 a second"),
    ("200", "200 a second"),
    ("1000", "1,000 a second"),
    ("all", "all of them"),
];

#[component]
pub(crate) fn StreamPage() -> impl IntoView {
    let shown = shown_once::<StreamData>();
    let mut refused = handed_over::<Refused<LinesForm>>();
    let tail = Tail::new();
    let chosen = RwSignal::new(None::<Arc<RecordView>>);
    let shape = RwSignal::new(Shape::default());
    let data = Memo::new(move |_| shown.with(|shown| shown.data.clone()));
    let form = move || data.with_untracked(|data| data.as_ref().map(|data| data.form.clone()));
    follow(tail, data, chosen);
    let problem = Memo::new(move |_| {
        shown
            .with(|shown| shown.problem.clone())
            .or(tail.problem.get())
    });
    let again = Callback::new(move |record: Arc<RecordView>| write_again(&record));
    let close = Callback::new(move |()| leave_detail(chosen));
    let press = move |event: KeyboardEvent| {
        if event.key() == "Escape" && chosen.with_untracked(Option::is_some) {
            leave_detail(chosen);
        }
    };
    let asked = Memo::new(move |_| {
        data.with(|data| {
            data.as_ref()
                .map(|data| (data.form.clone(), data.topics.clone()))
        })
    });
    let draft = draft(&shown);
    if refused.draft.topic.is_empty() {
        refused.draft.topic.clone_from(&draft.topic);
    }
    view! {
        <Title text="Stream"/>
        <h1>"Stream"</h1>
        {move || asked.get().map(|(form, topics)| stream_form(form, &topics))}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {sent()}
        {tail_state(tail, Callback::new(move |()| form().iter().for_each(|form| tail.go_on(form))))}
        <div class="tail" data-detail=move || chosen.with(Option::is_some).then_some("") on:keydown=press>
            {record_list(tail, chosen)}
            {move || chosen.get().map(|record| record_detail(record, shape, again, close))}
        </div>
        {move || data.with(|data| data.as_ref().map(|data| more(data, tail)))}
        <section aria-labelledby="send-title">
            <h2 id="send-title">"Send a message"</h2>
            <ProduceForm draft problem=None sent=Callback::new(|_| ())/>
            {lines_form(refused)}
        </section>
    }
    .erase_whole()
}

/// Has the tail show what the address asks for.
fn follow(tail: Tail, data: Memo<Option<StreamData>>, chosen: RwSignal<Option<Arc<RecordView>>>) {
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
        // What is wrong with the form stays wrong; what is away may come, and so may a topic that is not there yet.
        let is_refused = data.with_untracked(|data| {
            let problem = data.as_ref().and_then(|data| data.problem.as_ref());
            problem.is_some_and(|problem| problem.status < 500 && problem.status != 404)
        });
        if let Some(form) = now.as_ref().filter(|_| !is_refused) {
            tail.go_on(form);
        }
        now
    });
    pause_when_hidden(tail, form);
}

/// What a message to the topic that is looked at may be.
fn draft(shown: &RwSignal<Shown<StreamData>>) -> Draft {
    let mut draft = Draft::default();
    shown.with_untracked(|shown| {
        let topics = shown.data.as_ref().map(|data| data.form.topics.trim());
        let topic = topics.filter(|topics| !topics.is_empty() && !topics.contains([',', ' ']));
        draft.topic = topic.unwrap_or(&draft.topic).to_owned();
    });
    draft
}

/// What the form for lines has done that led here.
fn sent() -> AnyView {
    let query = use_query_map();
    let said = move || {
        let count: u64 = query.with(|query| query.get("sent"))?.parse().ok()?;
        let said = format!("{} messages are in the log.", words::number(count as f64));
        Some(view! { <p class="done" role="status">{said}</p> })
    };
    view! { {said} }.erase_whole()
}

/// Closes the record that is shown in full. Who came to it from its row is there again.
fn leave_detail(chosen: RwSignal<Option<Arc<RecordView>>>) {
    let row = find::<HtmlElement>(".records [aria-current]");
    chosen.set(None);
    if let Some(place) = row.or_else(|| find(".records")) {
        // Fails only where there is no focus at all.
        let _ = place.focus();
    }
}

/// Browsers allow six connections to a server for all its tabs together, and draw nothing in a tab that nobody sees.
fn pause_when_hidden(tail: Tail, form: impl Fn() -> Option<StreamForm> + Copy + 'static) {
    let was_live = StoredValue::new(false);
    Effect::new(move |_| {
        let listener = window_event_listener(ev::visibilitychange, move |_| {
            let is_hidden = document().visibility_state() == VisibilityState::Hidden;
            if is_hidden && tail.state.get_untracked().is_on() {
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
    let narrowed = [&form.time, &form.offset, &form.rate];
    let is_narrowed = narrowed.iter().any(|field| !field.is_empty());
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
            {filters(is_narrowed, fields.erase_whole())}
            <div class="actions"><button id="show" class="primary" type="submit">"Show"</button></div>
        </form>
    }
    .erase_whole()
}

/// The way to further records without scripts, and to all that are shown as a file.
fn more(data: &StreamData, tail: Tail) -> AnyView {
    let query = data.form.query();
    let next = data
        .next
        .as_ref()
        .map(|next| format!("/stream?{query}&cursor={}", escape(next)));
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
    .erase_whole()
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
    // What Kafkloud wrote, it writes again.
    let own = record.headers.iter();
    let own = own.filter(|header| header.value_encoding.is_text() && !is_own(&header.name));
    let headers = own.map(|header| {
        let value = header.value.as_deref().unwrap_or_default();
        format!("{}: {value}\n", header.name)
    });
    let headers: String = headers.collect();
    let has_headers = !headers.is_empty();
    for (field, text) in [
        ("#payload", record.value.as_deref().unwrap_or_default()),
        ("#headers", &headers),
    ] {
        if let Some(field) = find::<HtmlTextAreaElement>(field) {
            field.set_value(text);
        }
    }
    if let Some(details) = find::<HtmlElement>("#produce details").filter(|_| has_headers) {
        // Fails only for a name that is no attribute's.
        let _ = details.set_attribute("open", "");
    }
    if let Some(button) = find::<HtmlElement>("#do-it") {
        // Fails only where there is no focus at all.
        let _ = button.focus();
    }
}
