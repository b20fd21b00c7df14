use contract::{
    Problem,
    record::{ConsumeProgress, Encoding, RecordView},
};
use futures::future::join_all;
use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::FutureRecord,
};

use crate::harness::{Broker, Consumer, Event, Events, eventually, id, publish};

/// A path with a query whose values may hold anything.
fn path(route: &str, query: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://localhost").unwrap();
    url.query_pairs_mut().extend_pairs(query);
    format!("{route}?{}", url.query().unwrap())
}

/// The records of a stream until its progress says that so many were read, with the sum of what was told.
async fn shown(events: &mut Events, seen: u64) -> (Vec<RecordView>, ConsumeProgress) {
    let (mut records, mut told) = (Vec::new(), ConsumeProgress::default());
    while told.seen < seen {
        let event = events.next().await.expect("the stream goes on");
        match event.name.as_str() {
            "streamer" => records.push(event.json()),
            "progress" => {
                let progress: ConsumeProgress = event.json();
                told.seen += progress.seen;
                told.shown += progress.shown;
                told.left_out += progress.left_out;
                told.failed += progress.failed;
                told.error = progress.error.or(told.error);
            }
            name => panic!("{name}: {}", event.data),
        }
    }
    assert_eq!(told.shown, records.len() as u64);
    (records, told)
}

fn values(records: &[RecordView]) -> Vec<&str> {
    let values = records.iter();
    values
        .map(|record| record.value.as_deref().unwrap())
        .collect()
}

/// The last event of a stream, which is a problem.
async fn problem(events: &mut Events) -> Problem {
    let mut last = Event::default();
    while let Some(event) = events.next().await {
        last = event;
    }
    assert_eq!(last.name, "problem", "{last:?}");
    last.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_chooses_old_and_new_records() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    let old = [
        "{\"n\": 1}",
        "{\"n\": 2}",
        "no JSON",
        "{\"n\": 3, \"price\": 9.5}",
        "[4]",
    ];
    for value in old {
        publish(&publisher, "a", id(value), value).await;
    }
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let query = [
        ("topics", "a"),
        ("from", "earliest"),
        ("where", ".value.n >= 2"),
    ];
    let mut events = consumer.events(&path("/consume", &query)).await;
    let (records, told) = shown(&mut events, 5).await;
    assert_eq!(
        values(&records),
        ["{\"n\": 2}", "{\"n\": 3, \"price\": 9.5}"]
    );
    assert_eq!((told.failed, told.left_out), (2, 0));
    assert!(told.error.unwrap().contains("cannot index"));
    // Live from there on, and resumed after what was left out as well.
    publish(&publisher, "a", id("5"), "{\"n\": 5}").await;
    let event = events.named("streamer").await;
    publish(&publisher, "a", id("0"), "{\"n\": 0}").await;
    let progress = events.named("progress").await;
    drop(events);
    let last = if progress.json::<ConsumeProgress>().seen == 2 {
        progress.id
    } else {
        event.id
    };
    publish(&publisher, "a", id("6"), "{\"n\": 6}").await;
    let mut events = consumer
        .events_after(&path("/consume", &query), Some(&last))
        .await;
    let record: RecordView = events.named("streamer").await.json();
    assert_eq!(record.value.as_deref(), Some("{\"n\": 6}"));
    // It knows the whole record, and nothing of the service.
    let own = ".topic == \"a\" and .key == \"key\" and .headers[\"kafkloud-id\"] == .id and (env | length) == 0";
    let query = [
        ("topics", "a"),
        ("from", "earliest"),
        ("where", own),
        ("text", "PRICE"),
    ];
    let mut events = consumer.events(&path("/consume", &query)).await;
    let (records, _) = shown(&mut events, 8).await;
    assert_eq!(values(&records), ["{\"n\": 3, \"price\": 9.5}"]);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_found_in_keys_values_and_headers() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let record = || FutureRecord::<[u8], [u8]>::to("a");
    let header = Header {
        key: "X-City",
        value: Some("Øvre Årdal"),
    };
    let headers = OwnedHeaders::new().insert(header);
    broker
        .write(record().payload(b"nothing").headers(headers))
        .await;
    broker.write(record().key(b"Order-42").payload(b"1")).await;
    broker
        .write(record().payload(b"\xff\xfe<Name>Ada</Name>\x00"))
        .await;
    broker.write(record().key(b"gone")).await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    for (text, expected) in [
        ("øvre å", Some("nothing")),
        ("x-city", Some("nothing")),
        ("ORDER-4", Some("1")),
        ("<name>ada<", Some("//48TmFtZT5BZGE8L05hbWU+AA==")),
        ("gone", None),
    ] {
        let query = [("topics", "a"), ("from", "earliest"), ("text", text)];
        let mut events = consumer.events(&path("/consume", &query)).await;
        let (records, told) = shown(&mut events, 4).await;
        assert_eq!(told.shown, 1, "{text}");
        assert_eq!(records[0].value.as_deref(), expected, "{text}");
    }
    let query = [
        ("topics", "a"),
        ("from", "earliest"),
        ("where", ".value == null"),
    ];
    let mut events = consumer.events(&path("/consume", &query)).await;
    let (records, _) = shown(&mut events, 4).await;
    assert_eq!(records[0].key.as_deref(), Some("gone"), "a tombstone");
    let query = [
        ("topics", "a"),
        ("from", "earliest"),
        ("where", ".value | tostring | startswith(\"//48\")"),
    ];
    let mut events = consumer.events(&path("/consume", &query)).await;
    let (records, _) = shown(&mut events, 4).await;
    assert_eq!(records[0].value_encoding, Encoding::Base64);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_values_pass_the_filters() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    let large = format!(
        "{{\"blob\": \"{}\", \"end\": \"here\"}}",
        "\\\"".repeat(500_000)
    );
    for name in ["1", "2", "3"] {
        publish(&publisher, "a", id(name), &large).await;
    }
    publish(&publisher, "a", id("4"), "{\"end\": \"here\"}").await;
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    for (parameter, filter, expected) in [
        ("where", "(.value.blob | length) == 500000", 3),
        ("text", "\"END\": \"HERE\"", 4),
        ("where", ".value.end == \"here\"", 4),
    ] {
        let query = [("topics", "a"), ("from", "earliest"), (parameter, filter)];
        let mut events = consumer.events(&path("/consume", &query)).await;
        let (records, _) = shown(&mut events, 4).await;
        assert_eq!(records.len(), expected, "{filter}");
        let page = consumer
            .get(&path("/messages", &[("topics", "a"), (parameter, filter)]))
            .await;
        let found = page.1["records"].as_array().map(Vec::len);
        assert_eq!((page.0, found), (200, Some(expected)), "{filter}");
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_without_end_end_alone() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    for value in ["1", "2"] {
        broker.write_foreign("a", value).await;
    }
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let too_slow = [
        "last(repeat(.))",
        "[repeat(.)]",
        "def f: f; f",
        "repeat(empty)",
        "[limit(1000000000; repeat(1))]",
        "[range(1000000000000)] | length",
    ];
    let broken = [
        "def f: [f]; f",
        "\"x\" * 1000000000000",
        "reduce range(3000000) as $i (0; [.]) | tojson",
    ];
    let ended = join_all(too_slow.iter().chain(&broken).map(async |hostile| {
        let query = [("topics", "a"), ("from", "earliest"), ("where", hostile)];
        let mut events = consumer.events(&path("/consume", &query)).await;
        (*hostile, problem(&mut events).await)
    }));
    for (hostile, problem) in ended.await {
        let kind = problem.kind.rsplit(':').next().unwrap();
        // Whether memory or time ends first depends on the machine.
        let expected: &[&str] = match broken.contains(&hostile) {
            true => &["filter-broken", "filter-too-slow"],
            false => &["filter-too-slow", "filter-broken"],
        };
        assert!(expected.contains(&kind), "{hostile}: {problem:?}");
        assert!(problem.detail.contains("a:0:0"), "{hostile}: {problem:?}");
    }
    // The first output counts, and there is one.
    let query = [
        ("topics", "a"),
        ("from", "earliest"),
        ("where", "repeat(.)"),
    ];
    let mut events = consumer.events(&path("/consume", &query)).await;
    assert_eq!(shown(&mut events, 2).await.0.len(), 2);
    let query = [("topics", "a"), ("where", "[repeat(.)]")];
    let (status, problem) = consumer.get(&path("/messages", &query)).await;
    assert_eq!(status, 400, "{problem}");
    assert_eq!(consumer.get("/livez").await.0, 200);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_filter_is_refused_with_its_place() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    broker.write_foreign("a", "1").await;
    let arguments = ["--filters-max", "1"];
    let consumer = Consumer::start_with(&broker.kafka(), data.path(), &arguments).await;
    let long = "x".repeat(5000);
    let deep = "(".repeat(4000);
    for route in ["/consume", "/messages"] {
        for (parameter, value, kind, words) in [
            ("where", ".value.n ==", "invalid-where", "column 12"),
            (
                "where",
                ".value |\n nothing",
                "invalid-where",
                "line 2, column 2",
            ),
            ("where", "input", "invalid-where", "no filter input/0"),
            ("where", "import \"a\" as a; .", "invalid-where", "column"),
            ("where", &long, "filter-too-long", "4096"),
            ("where", &deep, "invalid-where", ""),
            ("text", &long, "filter-too-long", "256"),
            ("from", "yesterday", "invalid-from", "earliest"),
        ] {
            let (status, problem) = consumer.get(&path(route, &[(parameter, value)])).await;
            assert_eq!(status, 400, "{route} {value}: {problem}");
            let expected = format!("urn:kafkloud:problem:{kind}");
            assert_eq!(problem["type"], expected, "{route} {value}: {problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(words), "{route} {value}: {detail}");
        }
    }
    for rate in ["0", "-1", "many"] {
        let status = consumer
            .get(&path("/consume", &[("rate_max", rate)]))
            .await
            .0;
        assert_eq!(status, 400, "{rate}");
    }
    // There is room for one; the next is told so, and takes it when it is free.
    let query = path("/consume", &[("topics", "a"), ("where", "true")]);
    let first = consumer.events(&query).await;
    let refused = consumer.get(&query).await;
    assert_eq!(refused.0, 503, "{}", refused.1);
    drop(first);
    eventually(async || {
        let next = consumer.http.get(format!("{}{query}", consumer.url));
        (next.send().await.unwrap().status() == 200).then_some(())
    })
    .await;
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_is_not_blamed_for_a_program_that_evaluates_none() {
    let broker = Broker::start().await;
    broker.write_foreign("a", "1").await;
    for program in ["/nowhere/consumer", "/bin/true"] {
        let data = tempfile::tempdir().unwrap();
        let arguments = ["--filter-program", program];
        let consumer = Consumer::start_with(&broker.kafka(), data.path(), &arguments).await;
        let query = [("topics", "a"), ("where", "true")];
        let (status, problem) = consumer.get(&path("/messages", &query)).await;
        assert_eq!(status, 503, "{program}: {problem}");
        assert_eq!(problem["type"], "urn:kafkloud:problem:no-filters");
        let (status, _) = consumer.get("/messages?topics=a&text=1").await;
        assert_eq!(status, 200, "what needs none goes on");
        let (_, description) = consumer.get("/openapi.json").await;
        for told in ["RecordView", "ConsumeProgress", "Problem"] {
            assert!(
                description["components"]["schemas"][told].is_object(),
                "{told}"
            );
        }
        consumer.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_fast_is_counted() {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let publisher = broker.publisher();
    for number in 0..200 {
        let name = number.to_string();
        publish(&publisher, "a", id(&name), &name).await;
    }
    let consumer = Consumer::start(&broker.kafka(), data.path()).await;
    let query = [("topics", "a"), ("from", "earliest"), ("rate_max", "10")];
    let mut events = consumer.events(&path("/consume", &query)).await;
    let (records, told) = shown(&mut events, 200).await;
    assert!(!records.is_empty() && told.left_out > 0, "{told:?}");
    assert_eq!(told.shown + told.left_out, 200);
    // Without limit or filter there is nothing to tell.
    let query = [("topics", "a"), ("from", "earliest")];
    let mut events = consumer.events(&path("/consume", &query)).await;
    for _ in 0..200 {
        assert_eq!(events.next().await.unwrap().name, "streamer");
    }
    consumer.stop().await;
}
