use std::sync::Arc;

use contract::record::RecordView;
use leptos::{html, prelude::*};

use super::{
    facts::facts,
    record_list::{message_page, place},
    record_value::record_value,
};
use crate::{
    erase::Erase,
    record::{self, Shape, Value},
};

/// One record of the stream, with all that it holds. `again` is given it to be sent once more.
pub(crate) fn record_detail(
    record: Arc<RecordView>,
    shape: RwSignal<Shape>,
    again: Callback<Arc<RecordView>>,
    close: Callback<()>,
) -> AnyView {
    let choices = Shape::ALL.map(|this| {
        let is_chosen = move || if shape.get() == this { "true" } else { "false" };
        view! { <button type="button" aria-pressed=is_chosen on:click=move |_| shape.set(this)>{this.title()}</button> }
    });
    let title = place(&record);
    let page = message_page(&record);
    let value = {
        let record = Arc::clone(&record);
        move || record_value(Value::of(&record, shape.get()))
    };
    let is_text = record.value_encoding.is_text() && record.key_encoding.is_text();
    let sent = Arc::clone(&record);
    // Who opened it by keyboard has many rows between here and there.
    let section = NodeRef::<html::Section>::new();
    Effect::new(move |_| {
        if let Some(section) = section.get() {
            // Fails only where there is no focus at all.
            let _ = section.focus();
        }
    });
    view! {
        <section class="record" node_ref=section tabindex="-1" aria-labelledby="record-title">
            <div class="section-head">
                <h2 id="record-title">{title}</h2>
                <button class="quiet" type="button" on:click=move |_| close.run(())>"Close"</button>
            </div>
            <div class="shapes" role="group" aria-label="How the value is shown">{choices}</div>
            {value}
            {facts(record::facts(&record))}
            <div class="actions">
                <a id="open-message" href=page>"Its life"</a>
                <button id="send-again" type="button" disabled=!is_text on:click=move |_| again.run(Arc::clone(&sent))>"Send it again…"</button>
                {(!is_text).then_some("Only text can be sent from here.")}
            </div>
        </section>
    }
    .erase_whole()
}
