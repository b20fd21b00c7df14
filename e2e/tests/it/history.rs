//! Every page has an address that says all: loaded again, or come back to, it shows the same.

use e2e::{browser::Tab, wait::until};

use crate::{person::Person, stack::Stack};

/// Addresses with what somebody asked for in them.
const PAGES: [&str; 8] = [
    "/stream?topics=orders&from=earliest&text=order-1&rate=all",
    "/stream?topics=orders&where=.value%20%3E%201",
    "/topics?q=ord&internal=yes",
    "/topics/orders",
    "/groups?q=consumer",
    "/groups/consumer?to=earliest&topics=orders",
    "/life?topic=orders&stage=consumed&key=order-2",
    "/about",
];

/// What of a page has to be the same: its heading, what the forms say that was asked for, and what was found.
async fn seen(tab: &Tab) -> anyhow::Result<String> {
    tab.evaluate(
        "JSON.stringify([
            document.querySelector('h1')?.textContent,
            [...document.querySelectorAll('main form[method=get] [name]')]
                .map(field => [field.name, field.type === 'checkbox' ? field.checked : field.value]),
            [...document.querySelectorAll('tbody th, .record-value')].map(found => found.textContent),
        ])",
    )
    .await
}

/// Waits until the page shows what it showed before.
async fn sees_again(tab: &Tab, page: &str, before: &str) -> anyhow::Result<()> {
    let outcome = until(format!("{page} as it was"), async || {
        Ok((seen(tab).await? == before).then_some(()))
    });
    match outcome.await {
        Ok(()) => Ok(()),
        Err(error) => {
            let now = seen(tab).await?;
            Err(error.context(format!("before: {before}\nnow: {now}")))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_the_same_after_a_reload_and_on_the_way_back_and_forward()
-> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    for number in 1..4 {
        let path = format!("orders/order-{number}");
        let sent = person.stack.produce(&path).body(number.to_string()).send();
        person
            .stack
            .consumed_life(&sent.await?.json().await?)
            .await?;
    }
    let mut shown = Vec::new();
    for page in PAGES {
        person.go(page).await?;
        // What comes live comes soon.
        let settled = async || {
            let before = seen(tab).await?;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            Ok((seen(tab).await? == before).then_some(before))
        };
        let before = until(format!("{page} to settle"), settled).await?;
        tab.reload().await?;
        tab.wait_for("[data-hydrated]").await?;
        sees_again(tab, page, &before).await?;
        shown.push((page, before));
    }
    for (page, before) in shown.iter().rev().skip(1) {
        tab.go_through_history(-1).await?;
        sees_again(tab, page, before).await?;
        assert!(tab.url().await?.ends_with(page), "{page}");
    }
    for (page, before) in shown.iter().skip(1) {
        tab.go_through_history(1).await?;
        sees_again(tab, page, before).await?;
    }
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn links_inside_the_page_lead_back_and_forward_too() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let sent = person.stack.produce("orders/order-1").body("1").send();
    person
        .stack
        .consumed_life(&sent.await?.json().await?)
        .await?;
    person.go("/topics?q=ord").await?;
    let filtered = seen(tab).await?;
    // The same page asked for less: its form follows.
    tab.fill("#q", "typed and not sent").await?;
    tab.click("nav a[href='/topics']").await?;
    until("the form to be empty", async || {
        let typed: String = tab.evaluate("document.querySelector('#q').value").await?;
        Ok(typed.is_empty().then_some(()))
    })
    .await?;
    tab.click("[data-topic=orders] a").await?;
    tab.wait_for_text("h1", |text| text.contains("orders"))
        .await?;
    tab.click("main a[href^='/stream']").await?;
    tab.wait_for(".records a").await?;
    tab.click("nav a[href='/life']").await?;
    tab.wait_for("[data-life]").await?;
    tab.go_through_history(-1).await?;
    tab.wait_for(".records a").await?;
    assert!(tab.url().await?.contains("/stream?topics=orders"));
    tab.go_through_history(-3).await?;
    sees_again(tab, "/topics?q=ord", &filtered).await?;
    tab.go_through_history(2).await?;
    tab.wait_for_text("h1", |text| text.contains("orders"))
        .await?;
    person.leave().await
}
