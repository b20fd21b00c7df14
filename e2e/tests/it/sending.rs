//! Many messages and messages with headers, sent from the page of the stream.

use crate::{
    person::Person,
    stack::{Stack, example_events, example_file},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_real_events_is_sent_and_counted() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let count = grouped(example_events()?.lines().count());
    person.go("/stream?topics=packages").await?;
    tab.click(".many summary").await?;
    // The topic is the one that is looked at.
    let topic: String = tab
        .evaluate("document.querySelector('#lines-topic').value")
        .await?;
    assert_eq!(topic, "packages");
    tab.fill("#key-field", "package").await?;
    tab.choose_file("#lines-file", &example_file()?).await?;
    tab.click("#send-lines").await?;
    let sent = format!("{count} messages are in the log.");
    tab.wait_for_text("#lines-report", |text| text.starts_with(&sent))
        .await?;
    assert_eq!(tab.count("#lines-form [data-failed]").await?, 0);

    // All of it can be read, and each is on its way.
    tab.click("#sent-lines").await?;
    let held = format!("{count} records here");
    tab.wait_for_text("#held", |text| text == held).await?;
    person.go("/topics/packages").await?;
    let counted = format!("Messages\n{count}\n");
    tab.wait_for_text(".facts", |text| text.contains(&counted))
        .await?;
    person.go("/life?topic=packages").await?;
    let consumed = format!("{count} messages");
    tab.wait_for_text("#total", |text| text.starts_with(&consumed))
        .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_fail_are_named_and_the_others_are_sent() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    person.go("/stream?topics=orders").await?;
    tab.click(".many summary").await?;
    tab.click("#send-lines").await?;
    tab.wait_for_text("#lines-report", |text| {
        text.starts_with("There were no lines")
    })
    .await?;
    tab.fill("#lines", "{\"order\":1}").await?;
    let typed: bool = tab
        .evaluate("(document.querySelector('#lines').value += '\\n{order\\n{\"order\":3}') !== ''")
        .await?;
    assert!(typed);
    tab.click("#send-lines").await?;
    tab.wait_for_text("#lines-report", |text| {
        text.starts_with("2 messages are in the log. 1 lines were not sent.")
    })
    .await?;
    tab.wait_for_text("#lines-form [data-failed]", |text| text.contains("Line 2"))
        .await?;
    tab.fill("#lines-topic", "no spaces allowed").await?;
    tab.click("#send-lines").await?;
    tab.wait_for_text("#lines-form .notice", |text| {
        text.contains("letters, digits")
    })
    .await?;
    person.leave_after_trouble().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_keeps_its_headers_when_it_is_sent_again() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    person.go("/stream?topics=orders").await?;
    tab.wait_for_text("#tail-state", |text| text == "live")
        .await?;
    tab.click("#produce summary").await?;
    tab.fill("#headers", "source: web shop").await?;
    tab.click("#do-it").await?;
    tab.wait_for(".records a").await?;
    tab.click(".records a").await?;
    tab.wait_for_text(".record .facts", |text| {
        text.contains("Header source\nweb shop")
    })
    .await?;
    tab.fill("#headers", "x: y").await?;
    tab.click("#send-again").await?;
    let typed: String = tab
        .evaluate("document.querySelector('#headers').value")
        .await?;
    assert_eq!(typed, "source: web shop\n");
    tab.click("#do-it").await?;
    tab.wait_for(".records li:nth-child(2)").await?;
    tab.click(".records li:first-child a").await?;
    tab.wait_for_text(".record .facts", |text| {
        text.contains("Header source\nweb shop")
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_without_scripts() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let count = grouped(example_events()?.lines().count());
    person.go_without_scripts("/stream?topics=packages").await?;
    tab.click(".many summary").await?;
    tab.choose_file("#lines-file", &example_file()?).await?;
    tab.click("#send-lines").await?;
    let sent = format!("{count} messages are in the log.");
    tab.wait_for_text("main .done", |text| text == sent).await?;
    tab.wait_for(".records a").await?;
    person.leave_after_trouble().await
}

/// `1,234`, as the page writes it.
pub(crate) fn grouped(number: usize) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", number / 1000, number % 1000)
    }
}
