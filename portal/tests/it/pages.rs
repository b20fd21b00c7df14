use contract::MessageId;

use crate::{
    fake_stations::{BODY_BYTES_MAX, Stations, TOPIC_WITHOUT_BROKER},
    harness::TestPortal,
};

#[tokio::test]
async fn home_shows_stations_and_form_before_any_script_runs() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let page = portal.page_with("/", "1,234").await;
    for station in ["portal", "producer", "streamer", "consumer"] {
        assert!(
            page.contains(&format!("data-station=\"{station}\" data-health=\"ready\"")),
            "{station}: {page}"
        );
    }
    for id in ["topic", "key", "payload", "do-it"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(page.contains("method=\"post\" action=\"/\""));
}

#[tokio::test]
async fn do_it_and_is_done_work_without_javascript() {
    let stations = Stations::start().await;
    stations.stop_consuming();
    let portal = TestPortal::start(&stations).await;

    let sent = portal.submit("stream", "order-42", "line\r\nline").await;
    assert_eq!(sent.status(), 303);
    let location = sent.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(
        stations.last_produced(),
        (
            "text/plain; charset=utf-8".to_owned(),
            "line\nline".to_owned()
        )
    );

    let id: MessageId = location.strip_prefix("/?id=").unwrap().parse().unwrap();
    let waiting = portal.page(&location).await;
    assert!(
        waiting.contains(&format!("data-receipt=\"{id}\"")),
        "{waiting}"
    );
    assert!(
        waiting.contains("data-stage=\"streamed\" data-reached"),
        "{waiting}"
    );
    assert!(!waiting.contains("data-stage=\"consumed\" data-reached"));
    assert!(waiting.contains("Not yet"));

    stations.consume(id);
    let done = portal.page(&location).await;
    assert!(
        done.contains("data-stage=\"consumed\" data-reached"),
        "{done}"
    );
    assert!(done.contains("Yes, done: consumed 3.40 ms after it was accepted."));
    assert!(
        done.contains("+0.84 ms"),
        "the producer's own measure: {done}"
    );

    let message = portal.page(&format!("/message/{id}")).await;
    assert!(
        message.contains("Yes, done") && message.contains("order-42"),
        "{message}"
    );
}

#[tokio::test]
async fn a_failure_is_said_in_words_and_keeps_what_was_typed() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let large = "x".repeat(BODY_BYTES_MAX + 1);
    let cases = [
        ("bad topic", "typed", 400, "A topic name holds only letters"),
        ("kafkloud-lifecycle", "typed", 400, "are internal"),
        (
            TOPIC_WITHOUT_BROKER,
            "typed",
            503,
            "No broker answers. Start one, then send again.",
        ),
        ("stream", large.as_str(), 413, "send less at once"),
    ];
    for (topic, message, status, words) in cases {
        let refused = portal.submit(topic, "my-key", message).await;
        assert_eq!(refused.status(), status, "{topic}");
        let page = refused.text().await.unwrap();
        assert!(
            page.contains("role=\"alert\"") && page.contains(words),
            "{topic}: {words}"
        );
        assert!(page.contains(&format!("value=\"{topic}\"")) && page.contains("value=\"my-key\""));
        assert!(page.contains(&format!(">{message}</textarea>")), "{topic}");
    }
    let beyond = portal
        .submit("stream", "", &"x".repeat(5 * BODY_BYTES_MAX))
        .await;
    assert_eq!(beyond.status(), 413);
    assert!(beyond.text().await.unwrap().contains("role=\"alert\""));
}

#[tokio::test]
async fn without_the_consumer_a_receipt_is_still_shown_with_what_to_do() {
    let stations = Stations::start().await;
    let portal = TestPortal::start_without_consumer(&stations).await;
    let sent = portal.submit("stream", "k", "v").await;
    let page = portal
        .page(sent.headers()["location"].to_str().unwrap())
        .await;
    assert!(
        page.contains("data-stage=\"streamed\" data-reached"),
        "{page}"
    );
    assert!(
        page.contains("It is safe in the log, but nobody can say if it is done."),
        "{page}"
    );
    assert!(page.contains("make -C consumer run-local"));
    portal
        .page_with("/", "data-station=\"consumer\" data-health=\"away\"")
        .await;
    portal
        .page_with("/", "data-station=\"streamer\" data-health=\"ready\"")
        .await;
}

#[tokio::test]
async fn without_any_station_the_pages_say_what_to_start() {
    let portal = TestPortal::start_alone().await;
    let page = portal.page_with("/", "producer is away").await;
    assert!(page.contains("make -C producer run-local"), "{page}");
    let refused = portal.submit("stream", "k", "typed").await;
    assert_eq!(refused.status(), 503);
    let page = refused.text().await.unwrap();
    assert!(
        page.contains("The producer is away") && page.contains(">typed</textarea>"),
        "{page}"
    );
    assert_eq!(portal.get("/livez").await.status(), 200);
    assert_eq!(portal.get("/readyz").await.status(), 503);
}

#[tokio::test]
async fn hostile_texts_stay_texts() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let hostile = "</script></textarea><img src=x onerror=alert(1)>\"'";
    let sent = portal.submit("stream", hostile, hostile).await;
    assert_eq!(sent.status(), 303);
    let location = sent.headers()["location"].to_str().unwrap().to_owned();
    let id = location.strip_prefix("/?id=").unwrap();
    let refused = portal
        .submit(hostile, hostile, hostile)
        .await
        .text()
        .await
        .unwrap();
    let shown = [
        refused,
        portal.page(&location).await,
        portal.page(&format!("/message/{id}")).await,
    ];
    for page in shown {
        assert!(page.contains("onerror"), "it is shown: {page}");
        assert!(
            !page.contains("<img") && !page.contains("</script></"),
            "{page}"
        );
    }
    let odd = portal.get("/message/%3Cimg%20src%3Dx%3E").await;
    assert_eq!(odd.status(), 404);
    assert!(!odd.text().await.unwrap().contains("<img"));
}

#[tokio::test]
async fn unknown_messages_and_pages_are_404_with_a_way_out() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let unknown = portal
        .get("/message/0b4f29d2-6f6e-5d0a-9b7e-53f26a51c001")
        .await;
    assert_eq!(unknown.status(), 404);
    assert!(
        unknown
            .text()
            .await
            .unwrap()
            .contains("No message has this id yet.")
    );
    let nowhere = portal.get("/nowhere").await;
    assert_eq!(nowhere.status(), 404);
    assert!(
        nowhere
            .text()
            .await
            .unwrap()
            .contains("There is no such page")
    );
}

#[tokio::test]
async fn every_page_leads_to_the_others_by_link_and_key() {
    let page = TestPortal::start_alone().await.page("/seer").await;
    for (address, name, key) in [
        ("/", "Round trip", 'h'),
        ("/stream", "Stream", 's'),
        ("/topics", "Topics", 't'),
        ("/groups", "Groups", 'c'),
        ("/life", "Life cycle", 'l'),
        ("/seer", "Seer", 'q'),
        ("/about", "About", 'a'),
    ] {
        assert!(page.contains(&format!("<a href=\"{address}\"")), "{page}");
        let line = format!("<kbd>{key}</kbd></dt><dd>{name}</dd>");
        assert!(page.contains(&line), "{line}: {page}");
    }
    assert!(page.contains("commandfor=\"keyboard\""), "{page}");
    assert!(page.contains("data-search"), "{page}");
}

#[tokio::test]
async fn about_names_every_part_and_its_documentation() {
    let stations = Stations::start().await;
    let page = TestPortal::start(&stations).await.page("/about").await;
    assert!(
        page.contains(&format!("href=\"http://{}/docs\"", stations.address)),
        "{page}"
    );
    assert!(page.contains("127.0.0.1:9092") && page.contains("runs in this process"));
}

#[tokio::test]
async fn scripts_run_by_nonce_alone() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let response = portal.get("/").await;
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    let page = response.text().await.unwrap();
    assert!(page.contains("<script"));
    assert_eq!(
        page.matches("<script").count(),
        page.matches(&format!("nonce=\"{nonce}\"")).count()
    );
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}
