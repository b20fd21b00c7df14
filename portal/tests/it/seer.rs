//! The seer's page and the way to the seer behind it.

use std::sync::atomic::Ordering;

use contract::{Problem, seer::AskRequest};

use crate::{
    fake_seer::{BROKEN_OFF, FakeSeer, REFUSED, STATEMENT_BYTES_MAX, UNKNOWN, cited},
    fake_stations::Stations,
    harness::{DEADLINE, TestPortal},
};

async fn portal() -> (FakeSeer, Stations, TestPortal) {
    let (seer, stations) = (FakeSeer::start().await, Stations::start().await);
    let portal = TestPortal::start_with_seer(&stations, &seer).await;
    (seer, stations, portal)
}

fn assert_harmless(page: &str) {
    assert!(page.contains("onerror"), "it is shown: {page}");
    assert!(
        !page.contains("<img") && !page.contains("</script></"),
        "{page}"
    );
}

#[tokio::test]
async fn a_question_is_answered_without_javascript() {
    let (seer, _stations, portal) = portal().await;
    let address = "/seer?q=what+is+it%3F&topics=orders%2C+stream&since=2026-01-31T09%3A30&until=&top_k=3&conversation=conversation-1";
    let page = portal.page(address).await;
    let expected = AskRequest {
        question: "what is it?".to_owned(),
        topics: vec!["orders".to_owned(), "stream".to_owned()],
        since: Some("2026-01-31T09:30:00Z".to_owned()),
        until: None,
        top_k: Some(3),
        conversation: Some("conversation-1".to_owned()),
        stream: false,
    };
    assert_eq!(seer.last_asked(), expected);
    assert_harmless(&page);
    for words in [
        "what is it?",
        "The sentence",
        "Written by a language model",
        "(unsupported)",
        "This is less than it could be: the model is away",
        "does not follow from the messages",
        "/2 @ 7",
        "2026-01-31 09:30:00 UTC",
        // What was chosen stays, and the next question goes on with the conversation.
        "value=\"orders, stream\"",
        "value=\"conversation-2\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        page.contains(&format!("href=\"/message/{}?at=", cited())),
        "{page}"
    );
    assert!(page.contains("method=\"get\" action=\"/seer\""));
}

#[tokio::test]
async fn what_is_not_known_is_said_with_what_to_do() {
    let (_seer, _stations, portal) = portal().await;
    let page = portal.page(&format!("/seer?q={UNKNOWN}")).await;
    assert!(page.contains("No message says it"), "{page}");
}

#[tokio::test]
async fn what_goes_wrong_is_said_in_words() {
    let (_seer, _stations, portal) = portal().await;
    let cases = [
        ("/seer?q=", 422, "Write what you want to know"),
        ("/seer?q=why&top_k=1000", 400, "a number from 1 to 100"),
        (&format!("/seer?q={REFUSED}"), 503, "The model is loading."),
    ];
    for (address, status, words) in cases {
        let response = portal.get(address).await;
        assert_eq!(response.status(), status, "{address}");
        let page = response.text().await.unwrap();
        assert!(
            page.contains("role=\"alert\"") && page.contains(words),
            "{page}"
        );
    }
    let alone = TestPortal::start_alone().await;
    let response = alone.get("/seer?q=is+anybody+there%3F").await;
    assert_eq!(response.status(), 503);
    let page = response.text().await.unwrap();
    assert!(
        page.contains("The seer is away") && page.contains("make -C seer run-local"),
        "{page}"
    );
    assert!(
        page.contains("value=\"is anybody there?\""),
        "it can be asked again: {page}"
    );
    assert_eq!(alone.get("/seer").await.status(), 200);
}

#[tokio::test]
async fn the_answer_is_passed_on_as_it_is_written() {
    let (seer, _stations, portal) = portal().await;
    let response = portal.get("/api/seer/ask?q=what%3F").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    // It ends with the last event, although the seer's stream stays open.
    let events = tokio::time::timeout(DEADLINE, response.text())
        .await
        .unwrap()
        .unwrap();
    assert!(seer.last_asked().stream);
    let names: Vec<&str> = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names, ["retrieved", "token", "token", "citations", "done"]);
}

#[tokio::test]
async fn a_browser_is_told_what_went_wrong_as_an_event() {
    let (_seer, _stations, portal) = portal().await;
    let alone = TestPortal::start_alone().await;
    let cases = [
        (&portal, "q=", "empty-question"),
        (&portal, &format!("q={REFUSED}"), "model-loading"),
        (&portal, &format!("q={BROKEN_OFF}"), "seer-broken-off"),
        (&alone, "q=why", "seer-away"),
    ];
    for (portal, query, kind) in cases {
        let response = portal.get(&format!("/api/seer/ask?{query}")).await;
        assert_eq!(response.status(), 200);
        let events = response.text().await.unwrap();
        let (_, problem) = events.split_once("event: problem\ndata: ").unwrap();
        let problem: Problem = serde_json::from_str(problem).unwrap();
        assert!(problem.kind.ends_with(kind), "{query}: {problem:?}");
    }
}

#[tokio::test]
async fn a_statement_is_taught_without_javascript() {
    let (seer, _stations, portal) = portal().await;
    let taught = portal
        .submit_to("/seer", &[("statement", "line\r\nline")])
        .await;
    assert_eq!(taught.status(), 303);
    assert_eq!(*seer.statement.lock().unwrap(), "line\nline");
    let location = taught.headers()["location"].to_str().unwrap();
    let id = location
        .strip_prefix("/seer?taught=")
        .unwrap()
        .strip_suffix("#teach")
        .unwrap();
    let page = portal.page(&format!("/seer?taught={id}")).await;
    assert!(page.contains(&format!("data-receipt=\"{id}\"")), "{page}");
    assert!(
        page.contains("data-stage=\"streamed\" data-reached"),
        "{page}"
    );

    let large = "x".repeat(STATEMENT_BYTES_MAX + 1);
    for (statement, status, words) in [
        ("  ", 400, "Write a statement"),
        (large.as_str(), 413, "send less at once"),
    ] {
        let refused = portal.submit_to("/seer", &[("statement", statement)]).await;
        assert_eq!(refused.status(), status);
        let page = refused.text().await.unwrap();
        assert!(page.contains("role=\"alert\"") && page.contains(words));
        assert!(
            page.contains(&format!(">{statement}</textarea>")),
            "what was typed stays"
        );
    }
}

#[tokio::test]
async fn files_pass_through_whatever_their_size() {
    const BYTES: usize = 16 * 1024 * 1024;
    let (seer, _stations, portal) = portal().await;
    let form = |bytes: usize| {
        let file = reqwest::multipart::Part::bytes(vec![b'x'; bytes]).file_name("large.txt");
        reqwest::multipart::Form::new().part("files", file)
    };
    let upload = portal.client.post(portal.url("/api/seer/load"));
    let loaded = upload.multipart(form(BYTES)).send().await.unwrap();
    assert_eq!(loaded.status(), 200);
    assert_eq!(loaded.text().await.unwrap().lines().count(), 3);
    assert!(seer.loaded_bytes.load(Ordering::SeqCst) > BYTES as u64);

    // As a form without JavaScript sends it.
    let upload = portal.client.post(portal.url("/seer")).multipart(form(8));
    let page = upload.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("good.txt") && page.contains("12 messages"),
        "{page}"
    );
    assert!(page.contains("is damaged"), "{page}");
    assert!(
        !page.contains("5 messages"),
        "how far it was does not count any more"
    );
    assert_harmless(&page);

    // The limit is lifted for files alone.
    let statement = portal.client.post(portal.url("/api/seer/accept"));
    let refused = statement.body(vec![b'x'; BYTES]).send().await.unwrap();
    assert_eq!(refused.status(), 413);
    let upload = portal.client.post(portal.url("/api/seer/load"));
    let foreign = upload
        .header("origin", "http://evil.example")
        .multipart(form(8));
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn the_index_is_shown_and_rebuilt_on_demand() {
    let (_seer, _stations, portal) = portal().await;
    let page = portal.page_with("/seer", "4,321").await;
    for words in [
        "all-MiniLM-L6-v2",
        "384 dimensions",
        "embedded",
        "kafkloud-1",
        "(extractive)",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_harmless(&page);
    let begun = portal.submit_to("/seer", &[("reindex", "yes")]).await;
    assert_eq!(begun.status(), 303);
    portal
        .page_with("/seer", "Rebuilding: 250 of 1,000 records")
        .await;
    let again = portal.submit_to("/seer", &[("reindex", "yes")]).await;
    assert_eq!(again.status(), 409);
    assert!(
        again
            .text()
            .await
            .unwrap()
            .contains("being rebuilt already")
    );
    let state: contract::seer::IndexState =
        portal.get("/api/seer/index").await.json().await.unwrap();
    assert_eq!(state.points, 4321);
}

#[tokio::test]
async fn done_means_indexed_where_there_is_a_seer() {
    let (_seer, stations, portal) = portal().await;
    portal
        .page_with("/", "data-station=\"seer\" data-health=\"ready\"")
        .await;
    let receipt = portal.produce("m").await;
    let address = format!("/?id={}", receipt.id);
    let consumed = portal.page(&address).await;
    assert!(
        consumed.contains("Almost: consumed 3.40 ms after it was accepted."),
        "{consumed}"
    );
    assert!(!consumed.contains("done in") && !consumed.contains("Ask about it"));
    stations.index(receipt.id, None);
    let indexed = portal.page(&address).await;
    assert!(
        indexed.contains("data-stage=\"indexed\" data-reached"),
        "{indexed}"
    );
    assert!(indexed.contains("Yes, done: indexed 90.0 ms after it was accepted."));
    assert!(indexed.contains("done in 90.0 ms") && indexed.contains("href=\"/seer?q="));
}

#[tokio::test]
async fn what_cannot_be_indexed_says_why() {
    let (_seer, stations, portal) = portal().await;
    portal
        .page_with("/", "data-station=\"seer\" data-health=\"ready\"")
        .await;
    let receipt = portal.produce("m").await;
    stations.index(receipt.id, Some("not text"));
    let page = portal.page(&format!("/message/{}", receipt.id)).await;
    assert!(
        page.contains("It cannot be asked about: not text."),
        "{page}"
    );
    assert!(!page.contains("Ask about it"));
}

#[tokio::test]
async fn without_a_seer_consumed_is_done() {
    let stations = Stations::start().await;
    let portal = TestPortal::start(&stations).await;
    portal
        .page_with("/", "data-station=\"seer\" data-health=\"away\"")
        .await;
    assert_eq!(
        portal.get("/readyz").await.status(),
        200,
        "it can do its work"
    );
    let receipt = portal.produce("m").await;
    let page = portal.page(&format!("/?id={}", receipt.id)).await;
    assert!(
        page.contains("Yes, done: consumed 3.40 ms after it was accepted."),
        "{page}"
    );
    assert!(
        page.contains("seer is away") && page.contains("done in 3.40 ms"),
        "{page}"
    );
}
