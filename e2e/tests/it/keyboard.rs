//! The portal by keyboard alone.

use e2e::{browser::Tab, wait::until};

use crate::{person::Person, round_trip_page::CONSUMED};

const DIALOG: &str = "dialog#keyboard[open]";

async fn waits_for_address(tab: &Tab, end: &str) -> anyhow::Result<()> {
    until(format!("an address that ends with {end}"), async || {
        Ok(tab.url().await?.ends_with(end).then_some(()))
    })
    .await
}

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

#[tokio::test(flavor = "multi_thread")]
async fn keys_lead_to_pages_and_to_the_search_field() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    for (key, address) in [("a", "/about"), ("q", "/seer"), ("h", "/"), ("q", "/seer")] {
        tab.press("g").await?;
        tab.press(key).await?;
        waits_for_address(tab, address).await?;
    }
    tab.wait_for("#question").await?;
    tab.press("/").await?;
    assert_eq!(focused(tab).await?, "question");
    // In a field they are letters.
    for key in ["g", "a", "?", "/"] {
        tab.press(key).await?;
    }
    let typed: String = tab.evaluate("document.activeElement.value").await?;
    assert_eq!(typed, "ga?/");
    assert_eq!(tab.count(DIALOG).await?, 0);
    assert!(tab.url().await?.ends_with("/seer"));
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_mark_lists_the_keys_and_they_can_be_switched_off() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.press("?").await?;
    tab.wait_for(DIALOG).await?;
    let listed = tab.text(DIALOG).await?;
    for name in ["Round trip", "Seer", "About", "search field"] {
        assert!(listed.contains(name), "{name}: {listed}");
    }
    tab.press("Escape").await?;
    until("the dialog to close", async || {
        Ok((tab.count(DIALOG).await? == 0).then_some(()))
    })
    .await?;

    // With another key held down they belong to the browser.
    let _: bool = tab
        .evaluate(
            "['ctrlKey', 'altKey', 'metaKey'].forEach(held =>
                document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', [held]: true, bubbles: true }))) ?? true",
        )
        .await?;
    assert_eq!(tab.count(DIALOG).await?, 0);

    tab.click("header [aria-label=Keyboard]").await?;
    tab.wait_for(DIALOG).await?;
    tab.click("#keys-on").await?;
    tab.press("Escape").await?;
    person.go("/").await?;
    for key in ["g", "a", "?"] {
        tab.press(key).await?;
    }
    assert_eq!(tab.count(DIALOG).await?, 0, "the choice is remembered");
    assert!(tab.url().await?.ends_with("/"));
    tab.click("header [aria-label=Keyboard]").await?;
    tab.wait_for(DIALOG).await?;
    let is_on: bool = tab
        .evaluate("document.querySelector('#keys-on').checked")
        .await?;
    assert!(!is_on);
    person.leave().await
}
