//! A page's code comes when somebody goes there.

use e2e::{browser::Tab, wait::until};

use crate::person::Person;

/// The names of the files with code that the page has loaded so far.
async fn loaded(tab: &Tab) -> anyhow::Result<Vec<String>> {
    tab.evaluate(
        "performance.getEntriesByType('resource').map(entry => entry.name)
            .filter(name => /\\.(wasm|pack)$/.test(name)).map(name => name.split('/').pop())",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_brings_its_own_code_and_no_others() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    let about = "about.pack".to_owned();
    assert!(!loaded(tab).await?.contains(&about));
    tab.click("nav a[href='/about']").await?;
    tab.wait_for("[data-part=portal]").await?;
    assert!(loaded(tab).await?.contains(&about));
    // It came into the page that was there; going back needs nothing.
    tab.go_through_history(-1).await?;
    tab.wait_for("#do-it").await?;

    // Each file comes once, however early it was asked for.
    person.go("/about").await?;
    let mut files = loaded(tab).await?;
    files.sort_unstable();
    assert_eq!(files, [about, "portal.wasm".to_owned()]);
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_code_is_gone_the_server_shows_the_page() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.block(&["*://*:*/*/about.pack"]).await?;
    tab.click("nav a[href='/about']").await?;
    tab.wait_for("[data-part=portal]").await?;
    until("the server's page", async || {
        let is_alive = tab.count("[data-hydrated]").await? > 0;
        Ok((tab.url().await?.ends_with("/about") && !is_alive).then_some(()))
    })
    .await?;
    // It is plain, and leads on.
    tab.click("nav a[href='/']").await?;
    tab.wait_for("[data-hydrated] #do-it").await?;
    person.leave_after_trouble().await
}
