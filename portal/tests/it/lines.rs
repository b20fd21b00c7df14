//! Many messages at once, and headers of one's own.

use reqwest::multipart::{Form, Part};

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
async fn lines_go_to_the_producer_as_they_are_and_are_counted() {
    let (stations, portal) = start().await;
    let address = "/api/stream/lines?topic=orders&key_field=id&format=json";
    let request = portal.client.post(portal.url(address));
    let answer = request.body("{\"id\":1}\nno JSON\n{\"id\":2}\n").send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let told = answer.text().await.unwrap();
    let last: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(last["acked"], 2);
    assert_eq!(last["failed"], 1);
    assert_eq!(last["errors"][0]["line"], 2);
    assert_eq!(last["finished"], true);
    let (media_type, body) = stations.last_produced();
    assert_eq!(media_type, "application/x-ndjson");
    assert_eq!(body, "{\"id\":1}\nno JSON\n{\"id\":2}\n");
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_the_first_line() {
    let (_stations, portal) = start().await;
    for (address, status) in [
        ("/api/stream/lines?topic=no%20spaces", 400),
        ("/api/stream/lines?topic=no-broker", 503),
    ] {
        let request = portal.client.post(portal.url(address)).body("{}\n");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{address}");
        let problem: contract::Problem = answer.json().await.unwrap();
        assert!(!problem.detail.is_empty());
    }
}

async fn submit(portal: &TestPortal, lines: &str, file: &str) -> reqwest::Response {
    let file = Part::bytes(file.as_bytes().to_vec()).file_name("events.ndjson");
    let form = Form::new()
        .text("topic", "orders")
        .text("key_field", "")
        .text("format", "json")
        .text("lines", lines.to_owned())
        .part("file", file);
    let request = portal.client.post(portal.url("/stream"));
    let request = request.header("origin", portal.url("")).multipart(form);
    request.send().await.unwrap()
}

#[tokio::test]
async fn without_scripts_a_form_sends_lines_and_a_file() {
    let (stations, portal) = start().await;
    let sent = submit(&portal, "1\r\n2", "3\n4\n").await;
    assert_eq!(sent.status(), 303);
    let address = sent.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(address, "/stream?topics=orders&sent=4");
    assert_eq!(stations.last_produced().1, "1\r\n2\n3\n4\n\n");
    let page = portal.page(&address).await;
    assert!(page.contains("4 messages are in the log."), "{page}");

    let refused = submit(&portal, "1\nno JSON", "").await;
    assert_eq!(refused.status(), 400);
    let page = refused.text().await.unwrap();
    for text in [
        "1 messages are in the log, 1 lines are not.",
        "Line 2",
        "value=\"orders\"",
        "&lt;img",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<img"), "{page}");
    let empty = submit(&portal, "", "").await;
    assert_eq!(empty.status(), 400);
    let nothing = portal.submit_to("/stream", &[("topic", "orders")]).await;
    assert_eq!(nothing.status(), 400);
}

#[tokio::test]
async fn a_message_has_the_headers_that_were_typed() {
    let (stations, portal) = start().await;
    let fields = [
        ("topic", "orders"),
        ("message", "one"),
        ("headers", "source: web shop\r\ncanary: <img>\r\n"),
    ];
    let sent = portal.submit_to("/", &fields).await;
    assert_eq!(sent.status(), 303);
    let given = ["source=web%20shop", "canary=%3Cimg%3E"];
    assert_eq!(stations.last_given(), given);
    let fields = [("topic", "orders"), ("message", "one"), ("headers", CANARY)];
    let refused = portal.submit_to("/", &fields).await;
    assert_eq!(refused.status(), 400);
    let page = refused.text().await.unwrap();
    assert!(
        page.contains("The headers are not valid") && page.contains("&lt;img src=x"),
        "{page}"
    );
    assert!(!page.contains("<img"), "{page}");
}

#[tokio::test]
async fn other_websites_send_nothing() {
    let (stations, portal) = start().await;
    for path in ["/stream", "/api/stream/lines?topic=orders"] {
        let request = portal.client.post(portal.url(path)).body("1\n");
        let request = request.header("sec-fetch-site", "cross-site");
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    assert_eq!(stations.last_produced(), Default::default());
}
