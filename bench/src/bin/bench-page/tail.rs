//! The live list while messages come at a steady rate: frames, what was missed, and memory.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bench::platform::Platform;
use e2e::browser::{Browser, Tab};
use futures::{Stream, stream};
use reqwest::{Body, Client};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{Row, Wanted};

const TOPIC: &str = "bench-tail";
/// How often messages are sent.
const TICK: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_secs(5);
/// Of the frames that the same page draws while nothing comes.
const FRAMES_WANTED: f64 = 0.95;
/// Of the memory in the middle of the time, when the list is full.
const GROWTH_MAX: f64 = 1.1;

/// Counts the frames that are drawn.
const COUNT_FRAMES: &str = "
    window.frames_drawn = 0;
    const count = () => { frames_drawn += 1; requestAnimationFrame(count); };
    requestAnimationFrame(count);
    true";

pub(crate) async fn measure(
    platform: &Platform,
    rate: u64,
    seconds: u64,
) -> anyhow::Result<Vec<Row>> {
    let client = Client::new();
    let first = client.post(format!("{}/produce/{TOPIC}", platform.producer_url));
    first.body("the first").send().await?.error_for_status()?;
    let browser = Browser::launch().await?;
    let tab = browser.tab().await?;
    let page = format!(
        "{}/stream?topics={TOPIC}&from=latest&rate=all",
        platform.portal_url
    );
    tab.go_live(&page).await?;
    tab.wait_for_text("#tail-state", |text| text == "live")
        .await?;
    tab.evaluate::<bool>(COUNT_FRAMES).await?;
    let idle = frames(&tab, IDLE).await?;

    let count = rate * seconds;
    let request = client
        .post(format!("{}/produce/{TOPIC}", platform.producer_url))
        .header("content-type", "application/x-ndjson")
        .body(Body::wrap_stream(lines(rate, count)));
    let sending = tokio::spawn(async move {
        let answer = request.send().await?.error_for_status()?;
        answer.bytes().await
    });
    let half = Duration::from_secs(seconds) / 2;
    let first_half = frames(&tab, half).await?;
    let memory_before = memory_mb(&browser, &tab).await?;
    let second_half = frames(&tab, half).await?;
    sending.await??;
    let expected = count + 1;
    let shown = tab
        .wait_for_text("#held", |text| numbers(text) >= expected)
        .await
        .context("not all messages are in the list");
    let shown = numbers(&shown?);
    let memory_after = memory_mb(&browser, &tab).await?;
    let left_out = tab.text("#left-out").await?;
    ensure!(
        left_out.is_empty(),
        "the list says that it is not complete: {left_out}"
    );
    browser.close().await?;
    let row = |what, measured, wanted, unit| Row {
        what,
        measured,
        wanted,
        unit,
    };
    Ok(vec![
        row("frames a second, nothing comes", idle, Wanted::Nothing, ""),
        row(
            "of these while 1,000 messages/s come",
            first_half.min(second_half) / idle,
            Wanted::AtLeast(FRAMES_WANTED),
            "",
        ),
        row(
            "messages in the list, of those sent",
            shown as f64 / expected as f64,
            Wanted::AtLeast(1.0),
            "",
        ),
        row(
            "memory of the tab, half-way",
            memory_before,
            Wanted::Nothing,
            "MB",
        ),
        row(
            "at the end, of that",
            memory_after / memory_before,
            Wanted::AtMost(GROWTH_MAX),
            "",
        ),
    ])
}

/// Frames a second that are drawn within a time.
async fn frames(tab: &Tab, time: Duration) -> anyhow::Result<f64> {
    let before: f64 = tab.evaluate("frames_drawn").await?;
    let started = Instant::now();
    sleep(time).await;
    let after: f64 = tab.evaluate("frames_drawn").await?;
    Ok((after - before) / started.elapsed().as_secs_f64())
}

/// Resident memory of the page's process, after it has let go of what it no longer uses.
async fn memory_mb(browser: &Browser, tab: &Tab) -> anyhow::Result<f64> {
    tab.collect_garbage().await?;
    let mut memory_mb: f64 = 0.0;
    for id in browser.renderers().await? {
        memory_mb = memory_mb.max(bench::process::memory_mb(id)?);
    }
    Ok(memory_mb)
}

/// `count` messages at a steady rate, as lines of JSON.
fn lines(rate: u64, count: u64) -> impl Stream<Item = Result<String, std::io::Error>> + Send {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let per_tick = (rate as f64 * TICK.as_secs_f64()).ceil() as u64;
    stream::unfold((ticks, 0), move |(mut ticks, sent)| async move {
        if sent == count {
            return None;
        }
        ticks.tick().await;
        let next = (sent + per_tick).min(count);
        let lines = (sent..next).map(|number| {
            format!("{{\"order\":{number},\"item\":\"espresso beans\",\"quantity\":{},\"status\":\"paid\"}}\n", number % 7)
        });
        Some((Ok(lines.collect()), (ticks, next)))
    })
}

/// All numbers of a text in all: “100,000 records here, 200,001 older ones let go”.
fn numbers(text: &str) -> u64 {
    text.replace(',', "")
        .split_whitespace()
        .filter_map(|word| word.parse::<u64>().ok())
        .sum()
}
