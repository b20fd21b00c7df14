//! The portal by keyboard alone.

use e2e::browser::Tab;

use crate::{person::Person, round_trip_page::CONSUMED};

async fn focused(tab: &Tab) -> anyhow::Result<String> {
    tab.evaluate("document.activeElement.id").await
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_and_enter_are_enough() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    for _ in 0..40 {
        if focused(tab).await? == "do-it" {
            break;
        }
        tab.press("Tab").await?;
    }
    assert_eq!(focused(tab).await?, "do-it", "DoIt cannot be reached");
    let outline: String = tab
        .evaluate("getComputedStyle(document.activeElement).outlineStyle")
        .await?;
    assert_ne!(outline, "none", "the focus is not visible");
    tab.press("Enter").await?;
    tab.wait_for(CONSUMED).await?;
    person.leave().await
}
