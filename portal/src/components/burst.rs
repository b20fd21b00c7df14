use contract::Problem;
use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
};
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use super::{bars::bars, notice::Notice};
use crate::{
    browser::{self, api, find},
    burst::{Burst, Order, Series},
    erase::Erase,
    visitor::for_operators,
    words,
};

const COUNT_SUGGESTED: u32 = 500;
const RATE_SUGGESTED: u32 = 100;
/// The form whose topic, key and payload are sent.
const FORM: &str = "produce";

/// Sends the message of the form many times, and shows how long that takes.
pub(crate) fn burst_panel(burst: RwSignal<Option<Burst>>) -> AnyView {
    let problem = RwSignal::new(None::<Problem>);
    let begin = move |event: MouseEvent| {
        let Some(order) = order() else { return };
        event.prevent_default();
        spawn_local(async move {
            match api::begin_burst(&order).await {
                Ok(begun) => {
                    problem.set(None);
                    // Whoever loads the page anew finds it again.
                    browser::note(&format!("/?burst={}", begun.id));
                    burst.set(Some(begun));
                }
                Err(why) => problem.set(Some(why)),
            }
        });
    };
    let order_form = view! {
        <div class="burst-order">
            {number("count", "Messages", 5_000, COUNT_SUGGESTED)}
            {number("rate", "per second", 1_000, RATE_SUGGESTED)}
            <button id="burst" type="submit" form=FORM formaction="/bursts" on:click=begin>"Send the burst"</button>
        </div>
    }
    .erase();
    let is_open = burst.with_untracked(Option::is_some);
    let has_burst = Memo::new(move |_| burst.with(Option::is_some));
    view! {
        <details class="burst" open=is_open>
            <summary>"Send it many times"</summary>
            {for_operators(order_form)}
            <p class="hint">"The topic, key and payload of the form; "<code>"{n}"</code>" in the payload becomes 1, 2, 3…"</p>
            {move || problem.get().map(|problem| view! { <Notice problem/> })}
            {move || has_burst.get().then(|| progress(burst))}
        </details>
    }
    .erase()
}

fn number(name: &'static str, label: &'static str, max: u32, suggested: u32) -> AnyView {
    let id = format!("burst-{name}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input id=id name=name type="number" form=FORM min="1" max=max value=suggested/>
        </div>
    }
    .erase()
}

/// What is in the form; `None` when a number is none, which the browser says itself.
fn order() -> Option<Order> {
    let text = |id: &str| find::<HtmlInputElement>(id).map(|input| input.value());
    Some(Order {
        topic: text("#topic")?,
        key: text("#key")?,
        message: find::<HtmlTextAreaElement>("#payload")?.value(),
        count: text("#burst-count")?.parse().ok()?,
        rate: text("#burst-rate")?.parse().ok()?,
    })
}

fn progress(burst: RwSignal<Option<Burst>>) -> AnyView {
    let told = move || burst.get().unwrap_or_default();
    let stop = move |event: SubmitEvent| {
        event.prevent_default();
        let id = burst.with_untracked(|burst| burst.as_ref().map(|burst| burst.id.clone()));
        if let Some(id) = id {
            // What comes of it is told by the stream.
            spawn_local(async move { drop(api::end_burst(&id).await) });
        }
    };
    view! {
        <div class="burst-progress">
            <p id="burst-report" role="status">{move || report(&told())}</p>
            {move || told().problem.map(|problem| view! { <Notice problem/> })}
            {move || told().stages.iter().map(|series| histogram(series, &told())).collect_view()}
            <p class="hint">"Bars from up to 1 ms on the left to over 20 s on the right, each about twice the one before."</p>
            {move || (!told().ended).then(|| view! {
                <form on:submit=stop><button class="quiet" type="submit">"Stop"</button></form>
            })}
            <noscript><p><a href="">"Load the page again"</a>" to see how far it is."</p></noscript>
        </div>
    }
    .erase()
}

fn report(burst: &Burst) -> String {
    let failed = match burst.failed {
        0 => String::new(),
        failed => format!(", {} failed", words::number(f64::from(failed))),
    };
    let rate = match burst.sending_us {
        0 => String::new(),
        us => format!(
            ", {} a second",
            words::number(f64::from(burst.sent) * 1e6 / us as f64)
        ),
    };
    let (sent, count) = (f64::from(burst.sent), f64::from(burst.count));
    let state = if burst.ended { "Ended" } else { "Running" };
    format!(
        "{state}: {} of {} in the log{failed}{rate}.",
        words::number(sent),
        words::number(count)
    )
}

/// How long the messages took to a stage.
fn histogram(series: &Series, burst: &Burst) -> AnyView {
    let stage = series.stage.name();
    let counts: Vec<u64> = series
        .buckets
        .iter()
        .map(|count| u64::from(*count))
        .collect();
    let highest = counts.iter().copied().max().unwrap_or_default();
    let count = format!(
        "{} of {}",
        words::number(f64::from(series.count)),
        words::number(f64::from(burst.sent))
    );
    let times = match series.count {
        0 => String::new(),
        _ => format!(
            "half within {}, 99 of 100 within {}",
            words::duration(series.p50_us),
            words::duration(series.p99_us)
        ),
    };
    let label = format!("From click to {stage}: {count}. {times}");
    view! {
        <figure class="histogram" data-stage=stage>
            <figcaption>"click → "{stage}<span class="count">{count}</span><span class="hint">{times}</span></figcaption>
            {bars(&counts, highest, label)}
        </figure>
    }
    .erase()
}
