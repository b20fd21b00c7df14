//! How a message came to where it stands.

use contract::status::MessageLife;
use leptos::prelude::*;

use crate::{
    components::{facts::facts, table::table},
    entry::Entry,
    erase::Erase,
    waterfall::{Step, Waterfall},
    words,
};

/// Units of a drawing, as wide as there is room.
const WIDTH: u64 = 1000;
const HEIGHT: u64 = 16;
/// The least of a bar that can be seen.
const BAR_MIN: u64 = 4;

/// `has_record`: the page tells already what and where the record is.
pub(super) fn life_view(entry: Entry, has_record: bool) -> AnyView {
    let waterfall = Waterfall::of(&entry);
    let of_record = [
        ("Topic", Some(entry.topic)),
        ("Partition", Some(entry.partition.to_string())),
        ("Offset", Some(entry.offset.to_string())),
        ("Key", entry.key),
    ];
    let of_record = of_record.into_iter().filter(|_| !has_record);
    let of_life = [
        ("Trace", entry.trace_id),
        ("Day", entry.life.as_ref().and_then(first_day)),
    ];
    let known = of_record.chain(of_life);
    let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let steps = waterfall.steps.iter().map(row).collect_view();
    view! {
        <h2>"Life"</h2>
        {drawing(&waterfall)}
        {table("Stages", &["Stage", "At", "Took", "Of it at work", "By", "Error"], steps.erase())}
        {facts(known.collect())}
    }
    .erase()
}

/// The date on which the life began, such as `2026-01-31`.
fn first_day(life: &MessageLife) -> Option<String> {
    let at = life.stages.first()?.at.to_string();
    at.get(..10).map(str::to_owned)
}

fn row(step: &Step) -> AnyView {
    let at = step.at.map(|at| {
        view! { <time datetime=at.to_string()>{words::time_of_day(at)}</time> }
    });
    view! {
        <tr data-stage=step.stage.name()>
            <th scope="row">{step.stage.name()}</th>
            <td>{at}</td>
            <td>{words::duration(step.took_us)}</td>
            <td>{words::known(step.worked_us.map(words::duration))}</td>
            <td>{words::known(step.component.clone())}</td>
            <td class="wrap">{step.error.clone()}</td>
        </tr>
    }
    .erase()
}

/// A bar for each step, all on one axis. The waiting is paler than the work.
fn drawing(waterfall: &Waterfall) -> AnyView {
    let steps = waterfall.steps.iter();
    let bars = steps.map(|step| bar(waterfall, step)).collect_view();
    let ticks = [0, waterfall.total_us / 2, waterfall.total_us];
    let ticks = ticks.map(|micros| view! { <span>{words::duration(micros)}</span> });
    view! {
        <figure class="waterfall">
            <ol>{bars}</ol>
            <figcaption class="axis hint"><span class="hidden">"The axis: "</span>{ticks.collect_view()}</figcaption>
        </figure>
    }
    .erase()
}

fn bar(waterfall: &Waterfall, step: &Step) -> AnyView {
    let place = |micros| waterfall.place(micros, WIDTH);
    let end_us = step.begun_us + step.took_us;
    let end = place(end_us);
    let left = place(step.begun_us).min(end.saturating_sub(BAR_MIN));
    let right = end.max(left + BAR_MIN);
    let work = place(end_us - step.worked_us.unwrap_or(step.took_us)).clamp(left, right - BAR_MIN);
    let took = words::duration(step.took_us);
    let label = format!(
        "{}: from {} to {}",
        step.stage.name(),
        words::duration(step.begun_us),
        words::duration(end_us)
    );
    let grid = [WIDTH / 4, WIDTH / 2, WIDTH / 4 * 3].map(|x| format!("M{x} 0v{HEIGHT}"));
    view! {
        <li data-stage=step.stage.name()>
            <span class="step-name">{step.stage.name()}</span>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=label>
                <path class="grid" d=grid.concat()></path>
                <rect class="waited" x=left.to_string() width=(right - left).to_string() height=HEIGHT.to_string()></rect>
                <rect x=work.to_string() width=(right - work).to_string() height=HEIGHT.to_string()></rect>
            </svg>
            <span class="step-time">{took}</span>
        </li>
    }
    .erase()
}
