//! Core Web Vitals (<https://web.dev/articles/vitals>) on a processor that is four times slower.

use std::time::Duration;

use bench::platform::Platform;
use e2e::browser::{Browser, Tab};
use tokio::time::sleep;

use crate::{Row, Wanted};

const SLOWDOWN: f64 = 4.0;
const CLICKS: usize = 30;
const LCP_MAX_MS: f64 = 1000.0;
const INP_MAX_MS: f64 = 200.0;
/// What the vitals' authors call good is 0.1; nothing here has a reason to move.
const CLS_MAX: f64 = 0.001;
/// For what was painted last to be reported.
const SETTLE: Duration = Duration::from_millis(1500);

const OBSERVE: &str = "
    window.vitals = { lcp: 0, cls: 0, inp: 0, interactions: 0 };
    const observe = (type, note, more) => new PerformanceObserver(list => list.getEntries().forEach(note))
        .observe({ type, buffered: true, ...more });
    observe('largest-contentful-paint', entry => vitals.lcp = entry.startTime);
    observe('layout-shift', entry => { if (!entry.hadRecentInput) vitals.cls += entry.value; });
    observe('event', entry => {
        if (!entry.interactionId) return;
        vitals.interactions += 1;
        vitals.inp = Math.max(vitals.inp, entry.duration);
    }, { durationThreshold: 16 });
    true";

pub(crate) async fn measure(platform: &Platform, loads: usize) -> anyhow::Result<Vec<Row>> {
    let url = format!("{}/", platform.portal_url);
    let (mut lcp, mut cls, mut inp) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..loads.max(1) {
        // Nothing is in the cache of a new browser.
        let browser = Browser::launch().await?;
        let tab = browser.tab().await?;
        tab.slow_cpu(SLOWDOWN).await?;
        tab.go_live(&url).await?;
        tab.evaluate::<bool>(OBSERVE).await?;
        sleep(SETTLE).await;
        lcp.push(tab.evaluate("vitals.lcp").await?);
        cls.push(tab.evaluate("vitals.cls").await?);
        interact(&tab).await?;
        inp.push(tab.evaluate("vitals.inp").await?);
        browser.close().await?;
    }
    let row = |what, measured, limit, unit| Row {
        what,
        measured,
        wanted: Wanted::AtMost(limit),
        unit,
    };
    Ok(vec![
        row(
            "LCP, processor 4 times slower, median",
            median(&mut lcp),
            LCP_MAX_MS,
            "ms",
        ),
        row(
            "INP, the slowest of 40 clicks and keys, median",
            median(&mut inp),
            INP_MAX_MS,
            "ms",
        ),
        row("layout shift (CLS), median", median(&mut cls), CLS_MAX, ""),
    ])
}

/// What somebody does on the page who tries it.
async fn interact(tab: &Tab) -> anyhow::Result<()> {
    for _ in 0..CLICKS {
        tab.click("#do-it").await?;
    }
    tab.fill("#key", "order-43").await?;
    tab.click(".station summary").await?;
    sleep(SETTLE).await;
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
