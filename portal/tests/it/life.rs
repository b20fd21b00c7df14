//! The page of lives.

use contract::Stage;

use crate::{
    fake_stations::{CANARY, Stations},
    harness::TestPortal,
};

async fn start() -> (Stations, TestPortal) {
    let stations = Stations::start().await;
    let portal = TestPortal::start(&stations).await;
    (stations, portal)
}

#[tokio::test]
async fn lives_are_listed_with_the_numbers_of_their_time() {
    let (stations, portal) = start().await;
    stations
        .stream
        .add_life(0, Stage::Consumed, "order-42", None);
    stations
        .stream
        .add_life(1, Stage::Dead, "order-43", Some("no address"));
    let page = portal.page("/life").await;
    for text in [
        "1,234",
        "order-42",
        "data-stage=\"dead\"",
        "no address",
        "3.40 ms",
        "streamed: 30 messages, 20 at most in one bar",
        "streamed → consumed",
        "12.3 ms",
        "1.25 s",
        "Older ones",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(
        !page.contains("style="),
        "the Content-Security-Policy forbids it"
    );
}

#[tokio::test]
async fn what_is_asked_for_is_in_the_address_and_stays_in_the_form() {
    let (stations, portal) = start().await;
    let address = "/life?text=abc&stage=streamed&topic=orders&key=k&since=2026-01-31T09%3A30&stuck=yes&stuck_after=5&reached=consumed";
    let page = portal.page(address).await;
    for text in [
        "value=\"abc\"",
        "<option value=\"streamed\" selected",
        "checked",
        "Nothing is stuck.",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let asked = stations.stream.asked("lives");
    let expected = [
        ("key", "k"),
        ("limit", "50"),
        ("reached", "consumed"),
        ("since", "2026-01-31T09:30:00Z"),
        ("stage", "streamed"),
        ("stuck", "true"),
        ("stuck_after", "5"),
        ("text", "abc"),
        ("topic", "orders"),
    ];
    let asked: Vec<(&str, &str)> = asked
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(asked, expected);
    let asked = stations.stream.asked("stats");
    let names: Vec<&String> = asked.keys().collect();
    assert_eq!(names, ["since", "topic"]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let (_stations, portal) = start().await;
    let refused = portal.get("/life?stage=lost").await;
    assert_eq!(refused.status(), 400);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("There is no such stage.")
    );
    let alone = TestPortal::start_alone().await;
    assert_eq!(alone.get("/life").await.status(), 503);
}

#[tokio::test]
async fn hostile_keys_and_errors_are_text() {
    let (stations, portal) = start().await;
    stations
        .stream
        .add_life(0, Stage::Dead, CANARY, Some(CANARY));
    let page = portal.page("/life?text=%3Cimg%20src%3Dx%3E").await;
    assert!(!page.contains("<img") && page.contains("&lt;img"), "{page}");
}
