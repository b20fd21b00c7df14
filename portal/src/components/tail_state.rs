use leptos::prelude::*;

use crate::{
    erase::Erase,
    stream::tail::{Pace, State, Tail},
    words,
};

/// Whether the stream is live, how fast it is and what of it is left out; and stopping it.
pub(crate) fn tail_state(tail: Tail, go_on: Callback<()>) -> AnyView {
    let is_on = Memo::new(move |_| tail.state.get().is_on());
    let health = move || match tail.state.get() {
        State::Live => "ready",
        State::Broken => "ailing",
        State::Ended => "away",
        State::Still | State::Waiting | State::Paused => "unknown",
    };
    let said = move || match tail.state.get() {
        State::Still => "not live",
        State::Waiting => "connecting…",
        State::Live => "live",
        State::Paused => "paused: it goes on where it stopped",
        State::Broken => "connecting again…",
        State::Ended => "ended",
    };
    let press = move |_| {
        if is_on.get_untracked() {
            tail.pause();
        } else {
            go_on.run(());
        }
    };
    let held = move || {
        tail.shown.track();
        let here = words::number(tail.len() as f64);
        match tail.forgotten() {
            0 => format!("{here} records here"),
            left => format!(
                "{here} records here, {} older ones let go",
                words::number(left as f64)
            ),
        }
    };
    let left_out = move || tail.pace.with(left_out);
    view! {
        <div class="tail-state">
            <button id="pause" type="button" on:click=press>{move || if is_on.get() { "Pause" } else { "Go on" }}</button>
            <p class="station-name" data-health=health><span class="lamp" aria-hidden="true"></span><span id="tail-state" role="status">{said}</span></p>
            <p id="held">{held}</p>
            <p id="left-out">{left_out}</p>
            <p class="no-scripts">"Without scripts nothing comes by itself: load the page again."</p>
        </div>
    }
    .erase_whole()
}

/// Nothing is left out without a word.
fn left_out(pace: &Pace) -> String {
    let count = |count: u64| words::number(count as f64);
    let mut said = Vec::new();
    if let Some(last) = &pace.last {
        said.push(format!(
            "showing {}/s of {}/s",
            count(last.shown),
            count(last.seen)
        ));
    }
    if pace.left_out > 0 {
        said.push(format!("{} left out by the limit", count(pace.left_out)));
    }
    if pace.missed > 0 {
        said.push(format!(
            "{} missed: this browser was too slow",
            count(pace.missed)
        ));
    }
    if pace.failed > 0 {
        let why = pace.error.as_ref();
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        said.push(format!(
            "{} on which the expression fails{why}",
            count(pace.failed)
        ));
    }
    said.join(" · ")
}

#[cfg(test)]
mod tests {
    use contract::record::ConsumeProgress;

    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(left_out(&Pace::default()), "");
        let mut pace = Pace::default();
        pace.last = Some(ConsumeProgress {
            seen: 3400,
            shown: 200,
            ..ConsumeProgress::default()
        });
        (pace.left_out, pace.missed, pace.failed) = (3200, 5, 1);
        pace.error = Some("no number".to_owned());
        assert_eq!(
            left_out(&pace),
            "showing 200/s of 3,400/s · 3,200 left out by the limit · 5 missed: this browser was too slow · 1 on which the expression fails (no number)"
        );
    }
}
