//! The page of lives in a real browser, as a person uses it.

use crate::{person::Person, stack::Stack};

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_found_by_how_far_they_came() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    for key in ["order-41", "order-42"] {
        let sent = person
            .stack
            .produce(&format!("orders/{key}"))
            .body("one")
            .send()
            .await?;
        person.stack.consumed_life(&sent.json().await?).await?;
    }
    person.go("/life").await?;
    tab.wait_for_text("#total", |text| text.starts_with("2 messages"))
        .await?;
    tab.wait_for("[data-life][data-stage=consumed]").await?;
    tab.wait_for_text(".stage-chart", |text| text.contains("consumed"))
        .await?;

    // There is no seer, so nothing gets further: after a second all of it is stuck.
    tab.click("#stuck").await?;
    tab.click("#life-form summary").await?;
    tab.fill("#stuck-after", "1").await?;
    tab.fill("#text", "ORDER-42").await?;
    tab.click("#show").await?;
    tab.wait_for_text("#total", |text| text.starts_with("1 message"))
        .await?;
    let address = tab.url().await?;
    assert!(
        address.contains("stuck=yes") && address.contains("stuck_after=1"),
        "{address}"
    );
    tab.reload().await?;
    tab.wait_for_text("[data-life]", |text| text.contains("order-42"))
        .await?;
    let is_asked: bool = tab
        .evaluate("document.querySelector('#stuck').checked")
        .await?;
    assert!(is_asked);
    tab.wait_for("[data-hydrated]").await?;
    tab.click("[data-life] a").await?;
    tab.wait_for_text("h1", |text| text.contains("Message"))
        .await?;
    tab.go_through_history(-1).await?;
    tab.wait_for_text("[data-life]", |text| text.contains("order-42"))
        .await?;
    person.leave().await
}
