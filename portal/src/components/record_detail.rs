use std::sync::Arc;

use contract::{Timestamp, record::RecordView};
use leptos::prelude::*;

use super::{
    facts::facts,
    record_list::{message_page, place},
};
use crate::{
    erase::Erase,
    stream::{bytes, pretty::pretty},
    words,
};

/// Of a value that is shown: a page is for reading.
const VALUE_BYTES_SHOWN_MAX: usize = 64 * 1024;

/// How a value is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Shape {
    /// JSON with a line for each part; text where it is none.
    #[default]
    Json,
    Text,
    Hex,
}

const SHAPES: [(Shape, &str); 3] = [
    (Shape::Json, "JSON"),
    (Shape::Text, "Text"),
    (Shape::Hex, "Hex"),
];

/// One record of the stream, with all that it holds. `again` is given it to be sent once more.
pub(crate) fn record_detail(
    record: Arc<RecordView>,
    shape: RwSignal<Shape>,
    again: Callback<Arc<RecordView>>,
    close: Callback<()>,
) -> AnyView {
    let choices = SHAPES.map(|(this, name)| {
        let is_chosen = move || if shape.get() == this { "true" } else { "false" };
        view! { <button type="button" aria-pressed=is_chosen on:click=move |_| shape.set(this)>{name}</button> }
    });
    let title = place(&record);
    let page = message_page(&record);
    let value = {
        let record = Arc::clone(&record);
        move || value(&record, shape.get())
    };
    let is_text = record.value_encoding.is_text() && record.key_encoding.is_text();
    let sent = Arc::clone(&record);
    view! {
        <section class="record" aria-labelledby="record-title">
            <div class="section-head">
                <h2 id="record-title">{title}</h2>
                <button class="quiet" type="button" on:click=move |_| close.run(())>"Close"</button>
            </div>
            <div class="shapes" role="group" aria-label="How the value is shown">{choices}</div>
            {value}
            {facts(known(&record))}
            <div class="actions">
                <a id="open-message" href=page>"Its life"</a>
                <button id="send-again" type="button" disabled=!is_text on:click=move |_| again.run(Arc::clone(&sent))>"Send it again…"</button>
                {(!is_text).then_some("Only text can be sent from here.")}
            </div>
        </section>
    }
    .erase()
}

fn value(record: &RecordView, shape: Shape) -> AnyView {
    let Some(value) = &record.value else {
        return view! { <p class="hint">"It has no value: a tombstone."</p> }.erase();
    };
    let text = match shape {
        Shape::Hex => bytes::hex(&bytes::of(value, record.value_encoding)),
        Shape::Json => pretty(value).unwrap_or_else(|| value.clone()),
        Shape::Text => value.clone(),
    };
    let is_cut = text.len() > VALUE_BYTES_SHOWN_MAX;
    let text = text[..text.floor_char_boundary(VALUE_BYTES_SHOWN_MAX)].to_owned();
    let is_base64 = shape != Shape::Hex && !record.value_encoding.is_text();
    view! {
        <div class="payload" tabindex="0" role="region" aria-label="Value"><code>{text}</code></div>
        {is_base64.then(|| view! { <p class="hint">"The bytes are no text; they are shown as base64."</p> })}
        {is_cut.then(|| view! { <p class="hint">"Only its beginning is shown."</p> })}
    }
    .erase()
}

fn known(record: &RecordView) -> Vec<(String, String)> {
    let value = record.value.as_deref();
    let size = value.map(|value| bytes::of(value, record.value_encoding).len() as u64);
    let known = [
        ("Key", record.key.clone()),
        (
            "Time",
            record
                .timestamp
                .map(|millis| Timestamp::from_millis(millis).to_string()),
        ),
        ("Size", size.map(words::bytes)),
        ("Id", Some(record.id.to_string())),
    ];
    let known = known.into_iter();
    let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let headers = record.headers.iter().map(|header| {
        (
            format!("Header {}", header.name),
            header.value.clone().unwrap_or_default(),
        )
    });
    known.chain(headers).collect()
}
