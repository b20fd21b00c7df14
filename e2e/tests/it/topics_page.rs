//! The pages of topics in a real browser, as a person uses them.

use crate::{
    person::{CANARY, Person},
    stack::Stack,
};

async fn person() -> anyhow::Result<Person> {
    Person::with(Stack::start().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_made_filled_and_deleted() -> anyhow::Result<()> {
    let person = person().await?;
    let tab = &person.tab;
    person.go("/topics").await?;
    tab.fill("#name", "returns").await?;
    tab.fill("#partitions", "3").await?;
    tab.fill("#retention", "24").await?;
    tab.click("#create").await?;
    tab.wait_for_text("main", |text| text.contains("The topic is made."))
        .await?;
    assert!(tab.url().await?.ends_with("/topics/returns?done=created"));
    tab.wait_for_text(".facts", |text| text.contains("1 day"))
        .await?;

    // What is written elsewhere appears by itself.
    tab.wait_for("[data-hydrated]").await?;
    let sent = person.stack.produce("returns").body("one").send().await?;
    assert_eq!(sent.status(), 201);
    tab.wait_for_text(".facts", |text| text.contains("Messages\n1\n"))
        .await?;

    // On the way back and forward, and after loading it anew, the page is the same.
    tab.click("a[href='/topics']").await?;
    tab.wait_for("[data-topic=returns]").await?;
    tab.go_through_history(-1).await?;
    tab.wait_for_text("h1", |text| text.contains("returns"))
        .await?;
    tab.wait_for_text(".facts", |text| text.contains("1 day"))
        .await?;
    tab.reload().await?;
    tab.wait_for_text(".facts", |text| text.contains("1 day"))
        .await?;
    tab.wait_for("[data-hydrated]").await?;

    tab.click(".confirm summary").await?;
    tab.fill("#confirm", "return").await?;
    tab.click(".danger").await?;
    tab.wait_for_text(".confirm .notice", |text| {
        text.contains("Nothing was changed")
    })
    .await?;
    tab.fill("#confirm", "returns").await?;
    tab.click(".danger").await?;
    tab.wait_for_text("main", |text| text.contains("The topic is deleted."))
        .await?;
    assert_eq!(tab.count("[data-topic=returns]").await?, 0);
    person.leave_after_trouble().await
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_found_by_name_and_the_address_keeps_what_was_asked() -> anyhow::Result<()> {
    let person = person().await?;
    let tab = &person.tab;
    for topic in ["orders", "payments"] {
        let sent = person.stack.produce(topic).body("one").send().await?;
        assert_eq!(sent.status(), 201);
    }
    person.go("/topics").await?;
    tab.wait_for("[data-topic=orders]").await?;
    tab.press("/").await?;
    tab.fill("#q", "pay").await?;
    tab.press("Enter").await?;
    tab.wait_for_text("#count", |text| text.starts_with("1 of"))
        .await?;
    assert!(tab.url().await?.contains("q=pay"));
    tab.reload().await?;
    tab.wait_for("[data-topic=payments]").await?;
    assert_eq!(tab.count("[data-topic=orders]").await?, 0);
    let kept: String = tab.evaluate("document.querySelector('#q').value").await?;
    assert_eq!(kept, "pay");
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_and_deleted_without_scripts() -> anyhow::Result<()> {
    let person = person().await?;
    let tab = &person.tab;
    person.go_without_scripts("/topics").await?;
    tab.fill("#name", "plain").await?;
    tab.click("#create").await?;
    tab.wait_for_text("main", |text| text.contains("The topic is made."))
        .await?;
    tab.click(".confirm summary").await?;
    tab.fill("#confirm", "plain").await?;
    tab.click(".danger").await?;
    tab.wait_for_text("main", |text| text.contains("The topic is deleted."))
        .await?;
    person.leave_after_trouble().await
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_shown_as_text() -> anyhow::Result<()> {
    let person = person().await?;
    let tab = &person.tab;
    person.go("/topics").await?;
    tab.fill("#name", CANARY).await?;
    tab.click("#create").await?;
    tab.wait_for("#new-topic .notice").await?;
    let typed: String = tab
        .evaluate("document.querySelector('#name').value")
        .await?;
    assert_eq!(typed, CANARY);
    assert_eq!(tab.count("img[src=x]").await?, 0);
    let title: String = tab.evaluate("document.title").await?;
    assert!(!title.contains("owned"), "{title}");
    person.leave_after_trouble().await
}
