//! A message's page: its life, and what the log holds.

use crate::{fake_stations::Stations, harness::TestPortal};

#[tokio::test]
async fn a_message_is_shown_with_its_record() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let value = "</code></div><img src=x onerror=alert(1)>";
    let receipt = portal.produce(value).await;
    let page = portal.page(&format!("/message/{}", receipt.id)).await;
    for words in [
        "Record",
        "41 bytes",
        "2026-01-31T09:30:00",
        "Header content-type",
        "onerror",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<img"), "{page}");
    let lookup = portal.get(&format!("/api/lookup/{}", receipt.id)).await;
    let lookup: serde_json::Value = lookup.json().await.unwrap();
    assert_eq!(lookup["record"]["value"], value);
}

#[tokio::test]
async fn a_citation_leads_to_its_record_when_the_life_is_gone() {
    let stations = Stations::start().await;
    let portal = TestPortal::start(&stations).await;
    let receipt = portal.produce("cited").await;
    // Another portal, which has not seen the receipt.
    let portal = TestPortal::start(&stations).await;
    stations.forget(receipt.id);
    let unknown = portal.get(&format!("/message/{}", receipt.id)).await;
    assert_eq!(unknown.status(), 404);
    let place = format!(
        "at={}:{}:{}",
        receipt.topic, receipt.partition, receipt.offset
    );
    let found = portal
        .get(&format!("/message/{}?{place}", receipt.id))
        .await;
    assert_eq!(found.status(), 200);
    let page = found.text().await.unwrap();
    assert!(
        page.contains("cited") && page.contains("No message has this id yet."),
        "{page}"
    );

    // The place of another message tells nothing about this one.
    for place in ["stream:0:99", "stream:0", "x"] {
        let other = portal
            .get(&format!("/message/{}?at={place}", receipt.id))
            .await;
        assert_eq!(other.status(), 404, "{place}");
    }
    assert_eq!(portal.get("/api/lookup/no-id").await.status(), 404);
}
