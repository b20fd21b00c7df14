use serde_json::{Value, json};

use crate::{
    fake_stations::{Stations, TOPIC_WITHOUT_BROKER},
    harness::{DEADLINE, TestPortal},
};

fn order(topic: &str, count: u32, rate: u32) -> Value {
    json!({ "topic": topic, "message": "order {n}", "count": count, "rate": rate })
}

async fn begin(portal: &TestPortal, order: &Value) -> (u16, Value) {
    let request = portal.client.post(portal.url("/api/bursts")).json(order);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// What a burst has come to when it is over.
async fn outcome(portal: &TestPortal, id: &str) -> Value {
    let path = format!("/api/bursts/{id}");
    let ended = async {
        loop {
            let burst: Value = portal.get(&path).await.json().await.unwrap();
            if burst["ended"] == true {
                return burst;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, ended).await.unwrap()
}

#[tokio::test]
async fn each_message_of_a_burst_is_sent_and_followed_until_it_is_done() {
    let stations = Stations::start().await;
    let portal = TestPortal::start(&stations).await;
    let (status, begun) = begin(&portal, &order("stream", 30, 1000)).await;
    assert_eq!(status, 202, "{begun}");
    let id = begun["id"].as_str().unwrap();
    // A tab that looks on is told, and the last that it is told is the outcome.
    let mut tab = portal.get(&format!("/api/events?burst={id}")).await;
    let mut told = String::new();
    let ended = async {
        while !told.contains("\"ended\":true") {
            let piece = tab.chunk().await.unwrap().expect("the stream goes on");
            told.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    tokio::time::timeout(DEADLINE, ended).await.unwrap();
    assert!(told.contains("event: burst"), "{told}");
    let burst = outcome(&portal, id).await;
    assert_eq!((&burst["sent"], &burst["failed"]), (&json!(30), &json!(0)));
    assert_eq!(burst["stages"][0]["stage"], "consumed");
    assert_eq!(burst["stages"][0]["count"], 30);
    let (_, last) = stations.last_produced();
    assert!(last.starts_with("order ") && last != "order {n}", "{last}");
}

#[tokio::test]
async fn a_burst_without_scripts_leads_to_its_page() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let form = [
        ("topic", "stream"),
        ("key", "k"),
        ("message", "m"),
        ("count", "3"),
        ("rate", "100"),
    ];
    let answer = portal.submit_to("/bursts", &form).await;
    assert_eq!(answer.status(), 303);
    let page = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(page.starts_with("/?burst="), "{page}");
    portal.page_with(&page, "Ended: 3 of 3 in the log").await;
    // After a restart of the portal it is forgotten; the page is there all the same.
    assert_eq!(portal.get("/?burst=1").await.status(), 200);
}

#[tokio::test]
async fn a_burst_can_be_stopped() {
    let portal = TestPortal::start(&Stations::start().await).await;
    let (_, begun) = begin(&portal, &order("stream", 5000, 1)).await;
    let id = begun["id"].as_str().unwrap();
    let path = portal.url(&format!("/api/bursts/{id}"));
    let answer = portal.client.delete(&path).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    let burst = outcome(&portal, id).await;
    assert!(burst["sent"].as_u64().unwrap() < 5000, "{burst}");
    let unknown = portal.client.delete(portal.url("/api/bursts/1"));
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn what_cannot_be_a_burst_is_refused_and_what_fails_is_said() {
    let portal = TestPortal::start(&Stations::start().await).await;
    for (order, kind) in [
        (order("stream", 0, 1), "invalid-burst"),
        (order("stream", 5001, 1), "invalid-burst"),
        (order("stream", 1, 1001), "invalid-burst"),
        (order("no topic", 1, 1), "invalid-topic"),
    ] {
        let (status, problem) = begin(&portal, &order).await;
        assert_eq!(status, 400, "{problem}");
        assert!(
            problem["type"].as_str().unwrap().ends_with(kind),
            "{problem}"
        );
    }
    // A producer that refuses some refuses all: the rest is not sent.
    let (_, begun) = begin(&portal, &order(TOPIC_WITHOUT_BROKER, 2000, 1000)).await;
    let burst = outcome(&portal, begun["id"].as_str().unwrap()).await;
    assert_eq!(burst["sent"], 0);
    let failed = burst["failed"].as_u64().unwrap();
    assert!((50..2000).contains(&failed), "{burst}");
    let detail = burst["problem"]["detail"].as_str().unwrap();
    assert!(detail.contains("No broker answers"), "{detail}");
}

#[tokio::test]
async fn bursts_do_not_measure_each_other() {
    let portal = TestPortal::start(&Stations::start().await).await;
    for _ in 0..2 {
        assert_eq!(begin(&portal, &order("stream", 100, 1)).await.0, 202);
    }
    let (status, problem) = begin(&portal, &order("stream", 1, 1)).await;
    assert_eq!(status, 429, "{problem}");
}
