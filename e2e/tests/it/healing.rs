//! What pages show while a part is away, and how they heal when it is there again.

use contract::Receipt;
use e2e::wait::until;

use crate::{person::Person, stack::Stack};

const LAG: &str = "[data-group=seer]";

async fn send(stack: &Stack, count: usize) -> anyhow::Result<Vec<Receipt>> {
    let mut receipts = Vec::new();
    for number in 0..count {
        let path = format!("orders/order-{number}");
        let sent = stack.produce(&path).body(format!("order {number}")).send();
        receipts.push(sent.await?.error_for_status()?.json().await?);
    }
    Ok(receipts)
}

async fn sees_lag(person: &Person, lag: &str) -> anyhow::Result<()> {
    until(format!("the group to be behind by {lag}"), async || {
        let cell = format!("{LAG} [data-lag='{lag}']");
        Ok((person.tab.count(&cell).await? > 0).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_falls_behind_and_catches_up() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let (stack, tab) = (&person.stack, &person.tab);
    let seer = stack.start_seer().await?;
    let first = send(stack, 1).await?.remove(0);
    until("the first to be indexed", async || {
        let life = stack.consumed_life(&first).await?;
        Ok(life.has_reached(contract::Stage::Indexed).then_some(()))
    })
    .await?;
    person.go("/groups").await?;
    sees_lag(&person, "0").await?;
    seer.stop().await?;

    // It grows under the eyes of who looks.
    send(stack, 3).await?;
    sees_lag(&person, "3").await?;
    for receipt in send(stack, 4).await? {
        stack.consumed_life(&receipt).await?;
    }
    sees_lag(&person, "7").await?;
    let stuck = "/life?topic=orders&stuck=yes&stuck_after=1";
    person.go(stuck).await?;
    tab.wait_for_text("#total", |text| text.starts_with("7 messages"))
        .await?;
    tab.wait_for("[data-life][data-stage=consumed]").await?;

    let seer = stack.start_seer().await?;
    tab.wait_for_text("#total", |text| text == "Nothing is stuck.")
        .await?;
    person.go("/groups").await?;
    sees_lag(&person, "0").await?;
    seer.stop().await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_live_through_a_restart() -> anyhow::Result<()> {
    let mut person = Person::with(Stack::start().await?).await?;
    send(&person.stack, 2).await?;
    person.go("/stream?topics=orders&from=earliest").await?;
    let shows = async |person: &Person, count: usize| {
        until(format!("{count} records"), async || {
            let shown = person.tab.count(".records li").await?;
            Ok((shown == count).then_some(()))
        })
        .await
    };
    shows(&person, 2).await?;
    person
        .tab
        .wait_for_text("#tail-state", |text| text == "live")
        .await?;
    person.stack = person.stack.restart().await?;
    // While the page looks for the portal, something comes.
    send(&person.stack, 3).await?;
    shows(&person, 5).await?;
    person
        .tab
        .wait_for_text("#tail-state", |text| text == "live")
        .await?;
    assert_eq!(person.tab.count("main > .notice").await?, 0);
    person.leave_after_trouble().await
}
