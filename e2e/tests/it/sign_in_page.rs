//! Signing in and out in a real browser.

use anyhow::Context;
use e2e::{axe::Axe, browser::Tab};

use crate::{guard::VIEWER, person::Person, round_trip_page::CONSUMED, stack::Stack};

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_do_what_they_may_and_sign_out() -> anyhow::Result<()> {
    let person = Person::unknown_to(Stack::start_guarded(false).await?).await?;
    let tab = &person.tab;
    tab.go(&person.stack.portal("/topics?q=a")).await?;
    tab.wait_for("#token").await?;
    judge(tab).await?;
    tab.fill("#token", VIEWER).await?;
    tab.click("button.primary").await?;
    // Back where the person wanted to go, with the cookie.
    tab.wait_for("[data-hydrated]").await?;
    assert!(tab.url().await?.ends_with("/topics?q=a"));
    assert_eq!(tab.text("#visitor").await?, "viewer");
    for (page, button) in [("/topics", "#create"), ("/", "#do-it"), ("/", "#burst")] {
        person.go(page).await?;
        assert_eq!(
            tab.count(&format!("{button}:disabled")).await?,
            1,
            "{button}"
        );
        assert!(
            tab.count("[data-role=viewer]").await? > 0,
            "the reason is told"
        );
    }
    judge(tab).await?;
    tab.click(".visitor button").await?;
    tab.wait_for("#token").await?;
    tab.go(&person.stack.portal("/")).await?;
    tab.wait_for("#token").await?;

    let link = person.stack.sign_in_link().await?;
    tab.go_live(&link.context("people are asked")?).await?;
    assert_eq!(tab.text("#visitor").await?, "operator");
    tab.click("#do-it").await?;
    tab.wait_for_text("#report", |text| text.contains("In the log"))
        .await?;
    // What happens to it is told by a stream, which the cookie opens too.
    tab.wait_for(CONSUMED).await?;
    person.leave().await
}

async fn judge(tab: &Tab) -> anyhow::Result<()> {
    if let Some(axe) = Axe::installed()? {
        assert_eq!(axe.complaints(tab).await?, Vec::<String>::new());
    }
    Ok(())
}
