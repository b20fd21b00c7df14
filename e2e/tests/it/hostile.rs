//! Names, keys, headers and values that would run if a page showed them as anything but text.

use std::time::Duration;

use bus::{StartFrom, Subscription, SubscriptionOptions, TopicSelection};
use e2e::wait;

use crate::{
    person::{CANARY, Person},
    stack::Stack,
};

/// Percent-encoded as a segment of a path or a value of a query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A group of this name, that somebody has read with.
async fn leave_a_group(stack: &Stack, group: &str) -> anyhow::Result<()> {
    let kafka = stack.kafka();
    let options = SubscriptionOptions {
        client_id: "stranger",
        group: group.to_owned(),
        topics: TopicSelection::Named(vec!["orders".to_owned()]),
        batch_max: 100,
    };
    let mut subscription = Subscription::start(&kafka, options, StartFrom::Committed, |record| {
        Some(record.view())
    })?;
    let batch = tokio::time::timeout(wait::DEADLINE, subscription.recv()).await??;
    subscription.acks().batch_done(&batch.ends);
    subscription.close(Duration::from_secs(10)).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_anybody_sent_runs_on_any_page() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let (stack, tab) = (&person.stack, &person.tab);
    let canary = encoded(CANARY);
    let sent = stack
        .produce(&format!("orders/{canary}"))
        .header("kafkloud-header", format!("{canary}={canary}"))
        .body(CANARY)
        .send();
    stack.consumed_life(&sent.await?.json().await?).await?;
    leave_a_group(stack, CANARY).await?;

    for page in [
        "/stream".to_owned(),
        format!("/stream?topics=orders&text={canary}"),
        "/life".to_owned(),
        format!("/life?text={canary}"),
        format!("/life?topic={canary}&key={canary}"),
        "/groups".to_owned(),
        format!("/groups?q={canary}"),
        format!("/groups/{canary}?to=earliest&topics={canary}"),
        format!("/topics?q={canary}"),
    ] {
        person.go(&page).await?;
        sees_it_dead(&person, &page).await?;
    }
    // Reached by links inside the page as well.
    person.go("/groups").await?;
    tab.wait_for("tbody a[href*='onerror']").await?;
    tab.click("tbody a[href*='onerror']").await?;
    tab.wait_for_text("h1", |text| text.contains("onerror"))
        .await?;
    person.sees_a_dead_canary().await?;
    person.go("/stream?topics=orders").await?;
    tab.click(".records a").await?;
    tab.wait_for_text(".record .facts", |text| text.contains("onerror"))
        .await?;
    for shape in 1..4 {
        tab.click(&format!(".shapes button:nth-child({shape})"))
            .await?;
        person.sees_a_dead_canary().await?;
    }
    tab.click("#send-again").await?;
    person.sees_a_dead_canary().await?;
    tab.click("#open-message").await?;
    tab.wait_for("[data-stage=consumed][data-reached]").await?;
    person.sees_a_dead_canary().await?;
    // A value that is JSON is shown as such, and as text.
    let body = format!("{{\"x\":{}}}", serde_json::to_string(CANARY)?);
    let sent = stack.produce("orders").body(body).send().await?;
    assert_eq!(sent.status(), 201);
    person.go("/stream?topics=orders").await?;
    tab.click(".records a").await?;
    tab.wait_for_text(".record .payload", |text| text.contains("onerror"))
        .await?;
    person.sees_a_dead_canary().await?;
    person.leave_after_trouble().await
}

/// On the page, or in a field of it.
async fn sees_it_dead(person: &Person, page: &str) -> anyhow::Result<()> {
    let tab = &person.tab;
    let is_there: bool = tab
        .evaluate(
            "document.body.textContent.includes('onerror')
                || [...document.querySelectorAll('input')].some(field => field.value.includes('onerror'))",
        )
        .await?;
    assert!(is_there, "{page} does not show it");
    assert_eq!(tab.count("img[src=x]").await?, 0, "{page}");
    let title: String = tab.evaluate("document.title").await?;
    assert!(!title.contains("owned"), "{page}: {title}");
    Ok(())
}
