//! The page of the stream, and the live records behind it.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    fake_stations::{CANARY, Stations},
    harness::TestPortal,
};

async fn start() -> (Stations, TestPortal) {
    let stations = Stations::start().await;
    for name in ["orders", "returns", "__internal"] {
        stations.cluster.add_topic(name);
    }
    let portal = TestPortal::start(&stations).await;
    (stations, portal)
}

/// The next events, each as its name and data.
async fn events(tail: &mut reqwest::Response, count: usize) -> Vec<String> {
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let chunk = tail.chunk().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let field = |event: &str, name: &str| {
        let mut lines = event.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.to_owned()))
    };
    let events = text.split("\n\n").take(count);
    let events = events.map(|event| {
        let (name, data) = (field(event, "event: "), field(event, "data: "));
        format!("{} {}", name.unwrap(), data.unwrap())
    });
    events.collect()
}

fn query<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.into()
}

#[tokio::test]
async fn what_lies_there_is_shown_before_any_script_runs() {
    let (stations, portal) = start().await;
    stations.stream.add(2, "{\"order\":42}");
    let page = portal.page("/stream").await;
    for text in [
        "orders/0 @ 0",
        "orders/0 @ 1",
        "{\"order\":42}",
        "<option value=\"returns\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("__internal"), "{page}");
    let asked = stations.stream.asked("messages");
    assert_eq!(asked, query([("order", "newest"), ("limit", "50")]));
}

#[tokio::test]
async fn the_address_says_what_is_asked_for_and_the_form_keeps_it() {
    let (stations, portal) = start().await;
    let address = "/stream?topics=orders%2C+returns&from=time&time=2026-01-31T09%3A30&text=abc&where=.value.order+%3E+40&rate=all";
    let page = portal.page(address).await;
    for text in [
        "value=\"orders, returns\"",
        "<option value=\"time\" selected",
        "value=\"2026-01-31T09:30\"",
        "value=\"abc\"",
        ".value.order &gt; 40",
        "<option value=\"all\" selected",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let expected = query([
        ("topics", "orders,returns"),
        ("text", "abc"),
        ("where", ".value.order > 40"),
        ("order", "oldest"),
        ("from", "2026-01-31T09:30:00Z"),
        ("limit", "50"),
    ]);
    assert_eq!(stations.stream.asked("messages"), expected);
}

#[tokio::test]
async fn without_scripts_there_are_pages_and_a_file() {
    let (stations, portal) = start().await;
    stations.stream.add(3, "one");
    let page = portal.page("/stream?from=earliest").await;
    assert!(page.contains("cursor=further%2B1"), "{page}");
    portal
        .page("/stream?from=earliest&cursor=further%2B1")
        .await;
    let asked = stations.stream.asked("messages");
    assert_eq!(asked["cursor"], "further+1");
    let file = portal.get("/api/stream/export?from=earliest").await;
    assert_eq!(file.headers()["content-type"], "application/x-ndjson");
    let lines = file.text().await.unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 3);
    let first: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(
        (&first["offset"], &first["value"]),
        (&0.into(), &"one".into())
    );
}

#[tokio::test]
async fn live_records_begin_where_the_form_or_the_browser_says() {
    let (stations, portal) = start().await;
    let address = "/api/stream/tail?topics=orders&from=offset&offset=7&rate=200";
    let mut tail = portal.get(address).await;
    assert_eq!(tail.headers()["content-type"], "text/event-stream");
    assert_eq!(
        events(&mut tail, 2).await,
        ["begin \"past\"", "streamer {}"]
    );
    let expected = query([("topics", "orders"), ("from", "7"), ("rate_max", "200")]);
    assert_eq!(stations.stream.asked("consume"), expected);
    assert_eq!(stations.stream.last_event_id(), None);

    let after = format!("{address}&rate=all&after=orders%3A0%3A6");
    let _tail = portal.get(&after.replace("&rate=200", "")).await;
    assert_eq!(
        stations.stream.last_event_id().as_deref(),
        Some("orders:0:6")
    );
    assert!(!stations.stream.asked("consume").contains_key("rate_max"));
    let request = portal
        .client
        .get(portal.url(&after.replace("&rate=200", "")));
    let _tail = request
        .header("last-event-id", "orders:0:9")
        .send()
        .await
        .unwrap();
    assert_eq!(
        stations.stream.last_event_id().as_deref(),
        Some("orders:0:9")
    );
}

#[tokio::test]
async fn what_comes_from_now_on_begins_with_what_lies_there_now() {
    let (stations, portal) = start().await;
    stations.stream.add(1, "one");
    let mut tail = portal.get("/api/stream/tail?topics=orders&text=o").await;
    let begun = &events(&mut tail, 1).await[0];
    assert!(begun.starts_with("begin {\"newest\":[{"), "{begun}");
    assert!(begun.contains("\"value\":\"one\""), "{begun}");
    let expected = query([
        ("topics", "orders"),
        ("text", "o"),
        ("order", "newest"),
        ("limit", "50"),
    ]);
    assert_eq!(stations.stream.asked("messages"), expected);
    assert_eq!(stations.stream.asked("consume")["rate_max"], "200");

    let mut tail = portal.get("/api/stream/tail?after=orders%3A0%3A6").await;
    assert_eq!(events(&mut tail, 1).await, ["begin \"further\""]);
    let _tail = portal.get("/api/stream/tail?from=earliest").await;
    assert!(!stations.stream.asked("consume").contains_key("rate_max"));
}

#[tokio::test]
async fn a_refusal_comes_as_an_event_that_browsers_can_read() {
    let (_stations, portal) = start().await;
    for address in [
        "/api/stream/tail?topics=a%2Fb",
        "/api/stream/tail?from=offset",
    ] {
        let events = portal.page(address).await;
        assert!(events.starts_with("event: problem\ndata: {"), "{events}");
    }
    let alone = TestPortal::start_alone().await;
    let events = alone.page("/api/stream/tail").await;
    assert!(events.contains("The consumer is away"), "{events}");
    let page = alone.get("/stream?topics=orders").await;
    assert_eq!(page.status(), 503);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("The consumer is away") && page.contains("value=\"orders\""),
        "{page}"
    );
}

#[tokio::test]
async fn an_expression_that_is_none_is_said_and_kept() {
    let (_stations, portal) = start().await;
    let page = portal.page("/stream?where=%7C%7C").await;
    assert!(
        page.contains("This is no jq.") && page.contains("value=\"||\""),
        "{page}"
    );
}

#[tokio::test]
async fn hostile_records_are_text() {
    let (stations, portal) = start().await;
    stations.stream.add(1, CANARY);
    let page = portal.page("/stream").await;
    assert!(!page.contains("<img") && page.contains("&lt;img"), "{page}");
    // In the data that travels with the page, too.
    assert!(!page.contains("<img src"), "{page}");
}

/// A page that is longer than a connection takes at once goes on and ends on whichever thread is free.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn long_pages_are_whole_on_any_thread() {
    let (stations, portal) = start().await;
    stations.stream.add(50, &"x".repeat(20_000));
    let portal = Arc::new(portal);
    let pages = (0..40).map(|_| {
        let portal = Arc::clone(&portal);
        tokio::spawn(async move { portal.page("/stream").await })
    });
    for page in futures::future::join_all(pages).await {
        let page = page.unwrap();
        assert!(page.contains("</html>"), "{}", &page[page.len() - 300..]);
    }
}
