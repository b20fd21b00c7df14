use std::time::Instant;

use crate::{
    fake_stations::Stations,
    harness::{DEADLINE, TestPortal},
};

/// Reads a stream until `text` has come by.
async fn read_until(response: &mut reqwest::Response, text: &str) -> String {
    let mut read = String::new();
    let reading = tokio::time::timeout(DEADLINE, async {
        while !read.contains(text) {
            let chunk = response.chunk().await.unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("ended before {text:?}: {read}"));
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    });
    reading
        .await
        .unwrap_or_else(|_| panic!("{text:?} never came"));
    read
}

#[tokio::test]
async fn a_tab_is_told_the_stations_and_its_messages() {
    let stations = Stations::start().await;
    stations.stop_consuming();
    let portal = TestPortal::start(&stations).await;
    let receipt = portal.produce("m").await;
    portal.produce("of somebody else").await;

    let mut tab = portal.get(&format!("/api/events?ids={}", receipt.id)).await;
    assert_eq!(tab.headers()["content-type"], "text/event-stream");
    let before = read_until(&mut tab, "event: life").await;
    stations.consume(receipt.id);
    let after = read_until(&mut tab, "\"stage\":\"consumed\",\"trace_id\"").await;
    let flow = read_until(&mut tab, "event: flow").await;
    let told = before + &after + &flow;
    assert!(told.contains("\"name\":\"consumer\""), "{told}");
    assert!(!told.contains("event: stats"), "only what the tab needs");
    assert!(!told.contains("\"offset\":1"), "nothing of others");
}

#[tokio::test]
async fn a_tab_without_messages_and_without_consumer_has_its_flow() {
    let portal = TestPortal::start_alone().await;
    let mut tab = portal.get("/api/events").await;
    read_until(&mut tab, "{\"away\":").await;
    let ids = vec!["0b4f29d2-6f6e-5d0a-9b7e-53f26a51c001"; 51].join(",");
    assert_eq!(
        portal.get(&format!("/api/events?ids={ids}")).await.status(),
        400
    );
    assert_eq!(portal.get("/api/events?ids=x").await.status(), 400);
}

#[tokio::test]
async fn records_are_passed_on_as_they_come() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let mut records = portal.get("/api/consume?topics=stream&from=latest").await;
    read_until(&mut records, "id: stream:0:7\n").await;
    assert_eq!(portal.get("/api/consume?topics=a/b").await.status(), 400);
}

#[tokio::test]
async fn open_streams_end_with_the_portal() {
    let stations = Stations::start().await;
    let portal = TestPortal::start(&stations).await;
    let receipt = portal.produce("m").await;
    let mut tab = portal.get(&format!("/api/events?ids={}", receipt.id)).await;
    let mut records = portal.get("/api/consume?topics=stream").await;
    read_until(&mut tab, "event: life").await;
    read_until(&mut records, "event: streamer").await;

    let started = Instant::now();
    portal.stop.cancel();
    portal.served.await.unwrap().unwrap();
    assert!(started.elapsed() < DEADLINE);
    for stream in [&mut tab, &mut records] {
        while let Ok(Some(_)) = stream.chunk().await {}
    }
}
