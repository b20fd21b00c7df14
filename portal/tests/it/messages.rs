//! A message's page: its life, what the log holds, where one can go from it, and where it was cited.

use contract::{MessageId, topic};

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
async fn a_message_is_shown_with_its_record_and_its_life() {
    let (stations, portal) = start().await;
    let receipt = portal.produce("{\"order\":42}").await;
    stations.index(receipt.id, None);
    let page = portal.page(&format!("/message/{}", receipt.id)).await;
    for words in [
        "12 bytes",
        "  \"order\": 42",
        "2026-01-31T09:30:00",
        "Header content-type",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "Yes, done: indexed",
        // The waterfall: each step from where the one before ended, and the whole.
        "accepted: from 0.00 ms to 0.00 ms",
        "streamed: from 0.00 ms to 0.84 ms",
        "consumed: from 0.84 ms to 3.40 ms",
        "indexed: from 3.40 ms to 90.0 ms",
        "stand-in",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        !page.contains("style="),
        "the Content-Security-Policy forbids it"
    );
    let data = portal.get(&format!("/api/message/{}", receipt.id)).await;
    let data: serde_json::Value = data.json().await.unwrap();
    assert_eq!(data["record"]["value"]["text"], "{\n  \"order\": 42\n}");
}

#[tokio::test]
async fn how_the_value_is_shown_is_in_the_address() {
    let (_stations, portal) = start().await;
    let receipt = portal.produce("{\"order\":42}").await;
    let at = format!("/message/{}?at=stream%3A0%3A0", receipt.id);
    let page = portal.page(&at).await;
    assert!(page.contains("?at=stream%3A0%3A0&amp;as=hex"), "{page}");
    let hex = portal.page(&format!("{at}&as=hex")).await;
    assert!(hex.contains("00000000  7b 22 6f 72"), "{hex}");
    let text = portal.page(&format!("{at}&as=text")).await;
    assert!(text.contains("<code>{\"order\":42}</code>"), "{text}");
    let odd = portal.get(&format!("{at}&as=song")).await;
    assert_eq!(odd.status(), 400);
}

#[tokio::test]
async fn a_message_is_found_by_its_place() {
    let (_stations, portal) = start().await;
    portal.produce("first").await;
    let receipt = portal.produce("second").await;
    let page = portal.page("/message/stream/0/1").await;
    let id = receipt.id.to_string();
    for words in ["stream/0 @ 1", "second", &id, "Yes, done", "/topics/stream"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // A record of another client, of which no life is known.
    let foreign = portal.page("/message/orders/3/7").await;
    let id = MessageId::of_record("orders", 3, 7).to_string();
    for words in ["second", &id, "No message has this id yet."] {
        assert!(foreign.contains(words), "{words}: {foreign}");
    }
    for (place, status) in [
        ("orders/x/7", 400),
        ("orders/0/7.5", 400),
        ("orders/0/7/8", 404),
    ] {
        for path in ["/message", "/api/message"] {
            let answer = portal.get(&format!("{path}/{place}")).await;
            assert_eq!(answer.status(), status, "{path}/{place}");
        }
    }
}

#[tokio::test]
async fn one_can_go_to_the_messages_before_and_after_it() {
    let (_stations, portal) = start().await;
    let receipt = portal.produce("first").await;
    let page = portal.page(&format!("/message/{}", receipt.id)).await;
    for (way, offset) in [("next", 1), ("next-with-key", 10)] {
        let id = MessageId::of_record("stream", 0, offset);
        let link = format!("id=\"{way}\" href=\"/message/{id}?at=stream%3A0%3A{offset}\"");
        assert!(page.contains(&link), "{link}: {page}");
    }
    assert!(!page.contains("id=\"previous"), "there are none before it");
    assert_eq!(page.matches(" (none)").count(), 2, "{page}");
    assert!(page.contains("href=\"/message/stream/0/0\""), "{page}");
}

#[tokio::test]
async fn answers_that_cite_a_message_are_listed_with_their_questions() {
    let (stations, portal) = start().await;
    let receipt = portal.produce("so it is").await;
    let address = format!("/message/{}", receipt.id);
    let page = portal.page(&address).await;
    assert!(page.contains("No answer has cited it."), "{page}");
    assert!(page.contains("The seer is away: when it answers"), "{page}");

    let other = MessageId::of_record("stream", 0, 99);
    stations.stream.add_answer("Is it so?", receipt.id);
    let about = format!("What happened to {}?", receipt.id);
    stations.stream.add_answer(&about, other);
    let page = portal.page(&address).await;
    let answer = MessageId::of_record(topic::SEER_ANSWER, 0, 0);
    let link = format!("href=\"/message/{answer}?at=seer-answer%3A0%3A0\"");
    for words in ["Is it so?", &link, "2026-01-31 09:30:00 UTC"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains(&about) && !page.contains("were looked at"));
    let asked = stations.stream.asked("answers");
    assert_eq!(asked["text"], receipt.id.to_string());
    assert_eq!(asked["limit"], "20");

    stations.stream.have_more_answers();
    let page = portal.page(&address).await;
    assert!(
        page.contains("20,000") && page.contains("were looked at"),
        "{page}"
    );
}

#[tokio::test]
async fn a_record_that_was_deleted_is_said_to_be_gone() {
    let (stations, portal) = start().await;
    let receipt = portal.produce("old").await;
    stations.stream.delete_before(100);
    let page = portal.page(&format!("/message/{}", receipt.id)).await;
    for words in [
        "The log does not hold this record",
        "stream/0 @ 0",
        "Yes, done",
        "consumed: from",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let gone = portal.get("/message/stream/0/0").await;
    assert_eq!(gone.status(), 404);
    let page = gone.text().await.unwrap();
    assert!(page.contains("deleted when it was old") && page.contains("href=\"/topics/stream\""));
}

#[tokio::test]
async fn without_the_consumer_the_page_says_what_to_do_once() {
    let stations = Stations::start().await;
    let portal = TestPortal::start_without_consumer(&stations).await;
    let receipt = portal.produce("safe").await;
    let page = portal.page(&format!("/message/{}", receipt.id)).await;
    assert!(page.contains("It is safe in the log"), "{page}");
    assert_eq!(page.matches("role=\"alert\"").count(), 1, "{page}");
    assert!(!page.contains("Cited by answers"), "{page}");
    let alone = TestPortal::start_alone().await;
    for path in [
        format!("/message/{}", receipt.id),
        "/message/stream/0/0".to_owned(),
    ] {
        let away = alone.get(&path).await;
        assert_eq!(away.status(), 503);
        assert!(away.text().await.unwrap().contains("The consumer is away"));
    }
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
    assert_eq!(portal.get("/api/message/no-id").await.status(), 404);
}

#[tokio::test]
async fn hostile_messages_are_text_wherever_they_are_shown() {
    let (stations, portal) = start().await;
    let body = serde_json::json!({ "topic": "stream", "key": CANARY, "message": CANARY });
    let receipt: contract::Receipt = portal.post_json(&body).await.json().await.unwrap();
    stations.index(receipt.id, Some(CANARY));
    stations.stream.add_answer(CANARY, receipt.id);
    for address in [
        format!("/message/{}", receipt.id),
        "/message/stream/0/0?as=text".to_owned(),
        "/message/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E".to_owned(),
        "/message/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E/0/x".to_owned(),
    ] {
        let page = portal.page(&address).await;
        assert!(
            !page.contains("<img") && page.contains("onerror"),
            "{address}: {page}"
        );
    }
}
