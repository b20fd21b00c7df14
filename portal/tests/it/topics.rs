//! The pages of topics, as browsers without JavaScript use them.

use crate::{
    fake_stations::{CANARY, Stations},
    harness::{TestPortal, form},
};

async fn start() -> (Stations, TestPortal) {
    let stations = Stations::start().await;
    for name in ["orders", "payments", "__internal"] {
        stations.cluster.add_topic(name);
    }
    let portal = TestPortal::start(&stations).await;
    (stations, portal)
}

#[tokio::test]
async fn topics_are_listed_with_their_figures_and_found_by_name() {
    let (_stations, portal) = start().await;
    let page = portal.page("/topics").await;
    for text in ["orders", "payments", "1,234", "2.5", "56.7 KB", "7 days"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("data-topic=\"__internal\""), "{page}");
    let page = portal.page("/topics?q=PAY").await;
    assert!(page.contains("data-topic=\"payments\"") && !page.contains("data-topic=\"orders\""));
    assert!(page.contains("value=\"PAY\""), "the filter is kept: {page}");
    let page = portal.page("/topics?internal=yes").await;
    assert!(page.contains("data-topic=\"__internal\""), "{page}");
    let page = portal.page("/topics?q=nothing").await;
    assert!(page.contains("No topic matches"), "{page}");
    let data: serde_json::Value = portal.get("/api/topics?q=pay").await.json().await.unwrap();
    assert_eq!(data["topics"][0]["name"], "payments");
    assert_eq!(data["total"], 3);
}

#[tokio::test]
async fn a_topic_is_made_shown_and_deleted_after_its_name_is_typed() {
    let (stations, portal) = start().await;
    let typed = [
        ("name", "returns"),
        ("partitions", "3"),
        ("retention_hours", "24"),
        ("settings", "cleanup.policy=compact"),
    ];
    let made = portal.submit_to("/topics", &typed).await;
    assert_eq!(made.status(), 303);
    assert_eq!(made.headers()["location"], "/topics/returns?done=created");
    let page = portal.page("/topics/returns?done=created").await;
    for text in [
        "The topic is made.",
        "cleanup.policy",
        "86400000",
        "for this topic",
        "3, of which 2 in sync",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(
        stations
            .cluster
            .topic("returns")
            .unwrap()
            .topic
            .partitions
            .len(),
        3
    );

    let refused = portal
        .submit_to("/topics/returns", &[("confirm", "return")])
        .await;
    assert_eq!(refused.status(), 400);
    let page = refused.text().await.unwrap();
    assert!(
        page.contains("Nothing was changed") && page.contains("value=\"return\""),
        "{page}"
    );
    assert!(stations.cluster.topic("returns").is_some());

    let deleted = portal
        .submit_to("/topics/returns", &[("confirm", "returns")])
        .await;
    assert_eq!(deleted.headers()["location"], "/topics?done=deleted");
    assert!(stations.cluster.topic("returns").is_none());
    let gone = portal.get("/topics/returns").await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn a_topic_that_cannot_be_made_leaves_what_was_typed() {
    let (_stations, portal) = start().await;
    let twice = [("name", "orders"), ("settings", "</textarea>=1")];
    let refused = portal.submit_to("/topics", &twice).await;
    assert_eq!(refused.status(), 409);
    let page = refused.text().await.unwrap();
    assert!(page.contains("value=\"orders\""), "{page}");
    assert!(page.contains("&lt;/textarea>=1"), "{page}");
    assert!(
        page.contains("data-topic=\"payments\""),
        "the list is there: {page}"
    );
    let odd = portal
        .submit_to("/topics", &[("name", "x"), ("partitions", "none")])
        .await;
    assert_eq!(odd.status(), 400);
}

#[tokio::test]
async fn hostile_names_and_settings_are_text() {
    let (stations, portal) = start().await;
    stations.cluster.add_topic(CANARY);
    for page in ["/topics", "/topics/orders", "/topics?q=%3Cimg%20src%3Dx"] {
        let page = portal.page(page).await;
        assert!(!page.contains("<img"), "{page}");
        assert!(page.contains("&lt;img"), "{page}");
    }
}

#[tokio::test]
async fn other_websites_make_and_delete_nothing() {
    let (stations, portal) = start().await;
    for (path, fields) in [
        ("/topics", [("name", "evil")]),
        ("/topics/orders", [("confirm", "orders")]),
    ] {
        let request = portal
            .client
            .post(portal.url(path))
            .header("sec-fetch-site", "cross-site");
        let response = form(request, &fields).send().await.unwrap();
        assert_eq!(response.status(), 403);
    }
    assert!(stations.cluster.topic("evil").is_none());
    assert!(stations.cluster.topic("orders").is_some());
}

#[tokio::test]
async fn without_a_consumer_the_page_says_what_to_start() {
    let portal = TestPortal::start_alone().await;
    let response = portal.get("/topics").await;
    assert_eq!(response.status(), 503);
    let page = response.text().await.unwrap();
    assert!(
        page.contains("The consumer is away") && page.contains("id=\"new-topic\""),
        "{page}"
    );
}
