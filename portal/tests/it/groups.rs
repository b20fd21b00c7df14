//! The pages of consumer groups, as browsers without JavaScript use them.

use contract::Position;

use crate::{
    fake_stations::{CANARY, Stations},
    harness::TestPortal,
};

async fn start() -> (Stations, TestPortal) {
    let stations = Stations::start().await;
    stations.cluster.add_group("billing", 3, None);
    stations
        .cluster
        .add_group("kafkloud-seer", 700, Some("seer"));
    let portal = TestPortal::start(&stations).await;
    (stations, portal)
}

/// Where a text is on a page.
fn at(page: &str, text: &str) -> usize {
    page.find(text).unwrap_or_else(|| panic!("{text}: {page}"))
}

#[tokio::test]
async fn the_group_that_is_most_behind_comes_first() {
    let (_stations, portal) = start().await;
    let page = portal.page("/groups").await;
    assert!(at(&page, "data-group=\"kafkloud-seer\"") < at(&page, "data-group=\"billing\""));
    for text in ["1,401", "Stable", "Empty"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let page = portal.page("/groups?q=BILL").await;
    assert!(
        page.contains("data-group=\"billing\"") && !page.contains("data-group=\"kafkloud-seer\"")
    );
    let page = portal.page("/groups?q=nobody").await;
    assert!(page.contains("No group matches"), "{page}");
}

#[tokio::test]
async fn a_group_has_members_and_its_partitions_by_lag() {
    let (_stations, portal) = start().await;
    let page = portal.page("/groups/kafkloud-seer").await;
    for text in ["seer-1", "/127.0.0.1", "orders/0", "1,401 messages"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(at(&page, "data-place=\"orders:1\"") < at(&page, "data-place=\"orders:0\""));
    let page = portal.page("/groups/billing").await;
    assert!(page.contains("Nobody reads for this group now"), "{page}");
    assert_eq!(portal.get("/groups/nobody").await.status(), 404);
}

#[tokio::test]
async fn a_reset_is_shown_before_it_is_done() {
    let (stations, portal) = start().await;
    let address =
        "/groups/billing?to=time&time=2026-01-31T09%3A30&offset=&topics=orders%2C+returns";
    let page = portal.page(address).await;
    for text in [
        "1,230",
        "would be read again",
        "value=\"2026-01-31T09:30\"",
        "<option value=\"time\" selected",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(stations.cluster.last_reset(), None);

    let fields = [
        ("to", "time"),
        ("time", "2026-01-31T09:30"),
        ("topics", "orders, returns"),
        ("confirm", "bill"),
    ];
    let refused = portal.submit_to("/groups/billing", &fields).await;
    assert_eq!(refused.status(), 400);
    let page = refused.text().await.unwrap();
    assert!(
        page.contains("Nothing was changed") && page.contains("would be read again"),
        "{page}"
    );
    assert_eq!(stations.cluster.last_reset(), None);

    let fields = [fields[0], fields[1], fields[2], ("confirm", "billing")];
    let moved = portal.submit_to("/groups/billing", &fields).await;
    assert_eq!(moved.status(), 303);
    assert_eq!(moved.headers()["location"], "/groups/billing?done=reset");
    let reset = stations.cluster.last_reset().unwrap();
    assert_eq!(
        reset.to,
        Position::Time("2026-01-31T09:30:00Z".parse().unwrap())
    );
    assert_eq!(reset.topics, ["orders", "returns"]);
    let page = portal.page("/groups/billing?done=reset").await;
    assert!(page.contains("The offsets are moved."), "{page}");
}

#[tokio::test]
async fn what_cannot_be_reset_is_said_and_cannot_be_confirmed() {
    let (stations, portal) = start().await;
    let page = portal.page("/groups/kafkloud-seer?to=earliest").await;
    assert!(page.contains("Stop its members first."), "{page}");
    assert!(!page.contains("name=\"confirm\""), "{page}");
    let page = portal.page("/groups/billing?to=offset&offset=x").await;
    assert!(
        page.contains("The place to go on from is not valid"),
        "{page}"
    );
    let fields = [("to", "earliest"), ("confirm", "kafkloud-seer")];
    let refused = portal.submit_to("/groups/kafkloud-seer", &fields).await;
    assert_eq!(refused.status(), 409);
    assert_eq!(stations.cluster.last_reset(), None);
}

#[tokio::test]
async fn hostile_groups_and_members_are_text() {
    let (stations, portal) = start().await;
    let hostile = format!("a/b?c#{CANARY}");
    stations.cluster.add_group(&hostile, 1, Some(CANARY));
    let page = portal.page("/groups").await;
    assert!(!page.contains("<img") && page.contains("&lt;img"), "{page}");
    let link = "/groups/a%2Fb%3Fc%23%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%22%27";
    assert!(page.contains(&format!("href=\"{link}\"")), "{page}");
    let page = portal.page(link).await;
    assert!(
        !page.contains("<img") && page.contains("orders/0"),
        "{page}"
    );
}
