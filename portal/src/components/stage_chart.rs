use contract::{Stage, status::LifeStats};
use leptos::prelude::*;

use super::bars::bars;
use crate::{erase::Erase, words};

/// How many messages reached each stage over time: a strip for each stage, all on one scale.
pub(crate) fn stage_chart(stats: &LifeStats) -> AnyView {
    let highest = stats
        .reached
        .values()
        .flatten()
        .copied()
        .max()
        .unwrap_or_default();
    let strips = Stage::ALL.iter().filter_map(|stage| {
        let counts = stats.reached.get(stage)?;
        let total: u64 = counts.iter().sum();
        // Nothing dead is no news.
        (total > 0 || *stage != Stage::Dead).then(|| strip(*stage, counts, total, highest))
    });
    let strips = strips.collect_view();
    let every = words::span(i64::try_from(stats.bucket_us / 1000).unwrap_or(i64::MAX));
    let (since, until) = (words::minute(stats.since), words::minute(stats.until));
    view! {
        <figure class="stage-chart">
            <dl>{strips}</dl>
            <figcaption class="hint">
                {since}" to "{until}" UTC, "{every}" a bar, "{words::number(highest as f64)}" messages at most."
                {(!stats.complete).then_some(" There were more: only the newest are counted.")}
            </figcaption>
        </figure>
    }
    .erase()
}

fn strip(stage: Stage, counts: &[u64], total: u64, highest: u64) -> AnyView {
    let total = words::number(total as f64);
    let most = counts.iter().copied().max().unwrap_or_default();
    let label = format!(
        "{}: {total} messages, {} at most in one bar",
        stage.name(),
        words::number(most as f64)
    );
    view! {
        <div data-stage=stage.name()>
            <dt>{stage.name()}<span class="count">{total}</span></dt>
            <dd>
                {bars(counts, highest, label)}
            </dd>
        </div>
    }
    .erase()
}
