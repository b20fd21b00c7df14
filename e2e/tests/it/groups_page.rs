//! The pages of consumer groups in a real browser, as a person uses them.

use std::time::Duration;

use bus::{StartFrom, Subscription, SubscriptionOptions, TopicSelection};
use e2e::wait::{self, until};

use crate::{person::Person, stack::Stack};

const GROUP: &str = "billing";
const TOPIC: &str = "orders";

/// A program that reads for the group; gives the next `count` values and leaves, having committed them.
async fn read(stack: &Stack, count: usize) -> anyhow::Result<Vec<String>> {
    let kafka = stack.kafka();
    let options = SubscriptionOptions {
        client_id: "billing-of-others",
        group: GROUP.to_owned(),
        topics: TopicSelection::Named(vec![TOPIC.to_owned()]),
        batch_max: 100,
    };
    let mut subscription = Subscription::start(&kafka, options, StartFrom::Committed, |record| {
        record.view().value
    })?;
    let mut values = Vec::new();
    while values.len() < count {
        let batch = tokio::time::timeout(wait::DEADLINE, subscription.recv()).await??;
        values.extend(batch.records);
        subscription.acks().batch_done(&batch.ends);
    }
    subscription.close(Duration::from_secs(10)).await;
    Ok(values)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_reset_and_reads_again() -> anyhow::Result<()> {
    let stack = Stack::start().await?;
    for value in ["one", "two", "three"] {
        let sent = stack
            .produce(&format!("{TOPIC}/k"))
            .body(value)
            .send()
            .await?;
        assert_eq!(sent.status(), 201);
    }
    assert_eq!(read(&stack, 3).await?, ["one", "two", "three"]);

    let person = Person::with(stack).await?;
    let tab = &person.tab;
    person.go("/groups").await?;
    tab.wait_for(&format!("[data-group={GROUP}]")).await?;
    tab.click(&format!("[data-group={GROUP}] a")).await?;
    tab.wait_for_text(".facts", |text| text.contains("0 messages"))
        .await?;
    until("the group to be without members", async || {
        Ok(tab
            .text("main")
            .await?
            .contains("Nobody reads for this group now")
            .then_some(()))
    })
    .await?;
    tab.click("#preview").await?;
    tab.wait_for_text("#outcome", |text| {
        text.starts_with("3 messages would be read again")
    })
    .await?;
    let address = tab.url().await?;
    assert!(address.contains("to=earliest"), "{address}");
    // The preview stays as it is when the page is loaded again. Nothing has moved yet.
    tab.reload().await?;
    tab.wait_for_text("#outcome", |text| text.starts_with("3 messages"))
        .await?;
    tab.wait_for("[data-hydrated]").await?;
    tab.wait_for_text(".facts", |text| text.contains("0 messages"))
        .await?;

    tab.click(".confirm summary").await?;
    tab.fill("#confirm", GROUP).await?;
    tab.click(".danger").await?;
    tab.wait_for_text("main", |text| text.contains("The offsets are moved."))
        .await?;
    tab.wait_for_text(".facts", |text| text.contains("3 messages"))
        .await?;
    assert_eq!(
        read(&person.stack, 3).await?,
        ["one", "two", "three"],
        "they are read again"
    );
    tab.wait_for("[data-hydrated]").await?;
    tab.wait_for_text(".facts", |text| text.contains("0 messages"))
        .await?;
    person.leave().await
}
