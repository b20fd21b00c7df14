use std::sync::Arc;

use contract::{Timestamp, record::RecordView};
use leptos::{
    ev::{self, MouseEvent},
    html,
    prelude::*,
};

use crate::{
    address,
    erase::Erase,
    stream::tail::{Tail, is_same},
    words,
};

/// As in the style sheet.
const ROW_PX: usize = 32;
/// Rows in view until it is known how many there are.
const ROWS_AT_FIRST: usize = 50;
/// Rows above and below those in view, so that scrolling finds something there.
const ROWS_BEYOND: usize = 10;
/// Of a key or a value; a row has room for less.
const LETTERS_MAX: usize = 300;

/// The records of a tab, the last one on top. However many there are, the page holds those in view alone. Each leads to its message's
/// page; with scripts it is shown beside the list.
pub(crate) fn record_list(tail: Tail, chosen: RwSignal<Option<Arc<RecordView>>>) -> AnyView {
    let scroller = NodeRef::<html::Div>::new();
    let above = NodeRef::<html::Div>::new();
    let below = NodeRef::<html::Div>::new();
    // What is in view: the first row, and how many.
    let first = RwSignal::new(0);
    let rows = RwSignal::new(ROWS_AT_FIRST);
    let skipped = move || first.get().min(tail.len()).saturating_sub(ROWS_BEYOND);
    let window = move || {
        tail.shown.track();
        tail.window(skipped(), rows.get() + 2 * ROWS_BEYOND)
    };
    let look = move || {
        let Some(scroller) = scroller.get_untracked() else {
            return;
        };
        let top = usize::try_from(scroller.scroll_top()).unwrap_or_default();
        let height = usize::try_from(scroller.client_height()).unwrap_or_default();
        for (signal, now) in [(first, top / ROW_PX), (rows, height.div_ceil(ROW_PX))] {
            if signal.get_untracked() != now {
                signal.set(now);
            }
        }
    };
    let is_empty = Memo::new(move |_| {
        tail.shown.track();
        tail.len() == 0
    });
    Effect::new(move |shown_before: Option<u64>| {
        let shown = tail.shown.get();
        let came = shown.saturating_sub(shown_before.unwrap_or(shown));
        // Who reads further down goes on reading there.
        if let Some(scroller) = scroller
            .get_untracked()
            .filter(|scroller| scroller.scroll_top() > 0)
        {
            let came = i32::try_from(came.min(tail.len() as u64)).unwrap_or_default();
            scroller.set_scroll_top(scroller.scroll_top() + came * ROW_PX as i32);
        }
        look();
        shown
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::resize, move |_| look());
        on_cleanup(move || listener.remove());
    });
    Effect::new(move |_| {
        tail.shown.track();
        let skipped = skipped();
        let here = (rows.get() + 2 * ROWS_BEYOND).min(tail.len() - skipped.min(tail.len()));
        let after = tail.len().saturating_sub(skipped + here);
        for (space, count) in [(above, skipped), (below, after)] {
            if let Some(space) = space.get() {
                // Fails only for what is no style.
                let _ = space.style(("height", format!("{}px", count * ROW_PX)));
            }
        }
    });
    view! {
        <div class="records" node_ref=scroller tabindex="0" role="region" aria-label="Records, the last one on top" on:scroll=move |_| look()>
            <div node_ref=above></div>
            <ol>
                <For each=window key=|(number, _)| *number children=move |(_, record)| row(record, chosen)/>
            </ol>
            <div node_ref=below></div>
            {move || is_empty.get().then(|| view! {
                <p class="empty">"Nothing here yet. What is sent appears by itself; older records are there from the beginning on."</p>
            })}
        </div>
    }
    .erase_whole()
}

fn row(record: Arc<RecordView>, chosen: RwSignal<Option<Arc<RecordView>>>) -> AnyView {
    let place = place(&record);
    let page = message_page(&record);
    let time = record
        .timestamp
        .map(|millis| time(Timestamp::from_millis(millis)));
    let key = record.key.as_deref().map(beginning);
    let value = record.value.as_deref().map(beginning);
    let is_chosen = {
        let record = Arc::clone(&record);
        move || {
            chosen.with(|chosen| {
                chosen
                    .as_ref()
                    .is_some_and(|chosen| is_same(chosen, &record))
            })
        }
    };
    let choose = move |event: MouseEvent| {
        // To open it elsewhere is the browser's business.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            chosen.set(Some(Arc::clone(&record)));
        }
    };
    view! {
        <li>
            <a href=page aria-current=move || is_chosen().then_some("true") on:click=choose>
                <span class="record-time">{time}</span>
                <span class="record-place">{place}</span>
                <span class="record-key">{key}</span>
                <span class="record-value">{value.unwrap_or_else(|| "(no value)".to_owned())}</span>
            </a>
        </li>
    }
    .erase_whole()
}

pub(crate) fn place(record: &RecordView) -> String {
    format!("{}/{} @ {}", record.topic, record.partition, record.offset)
}

pub(crate) fn message_page(record: &RecordView) -> String {
    address::message(&record.place())
}

/// In one line.
fn beginning(text: &str) -> String {
    let letters = text.chars().take(LETTERS_MAX);
    letters
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

fn time(at: Timestamp) -> String {
    words::time_of_day(at).trim_end_matches(" UTC").to_owned()
}
