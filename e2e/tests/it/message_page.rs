//! The page of a message in a real browser, as a person uses it.

use contract::Receipt;
use e2e::{axe::Axe, browser::Tab, wait::until};

use crate::{
    person::{CANARY, Person},
    seer_page::{QUESTION, STATEMENT, ask, at_the_seer, teach},
    stack::Stack,
};

const WIDTHS: [i64; 2] = [390, 1280];

async fn send(stack: &Stack, path: &str, value: &str) -> anyhow::Result<Receipt> {
    let sent = stack.produce(path).body(value.to_owned()).send().await?;
    let receipt = sent.error_for_status()?.json().await?;
    stack.consumed_life(&receipt).await?;
    Ok(receipt)
}

async fn shows(tab: &Tab, value: &str) -> anyhow::Result<()> {
    tab.wait_for_text(".payload", |text| text.contains(value))
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citation_opens_a_message_that_tells_its_life_and_who_cited_it() -> anyhow::Result<()> {
    let person = at_the_seer().await?;
    let tab = &person.tab;
    teach(tab, STATEMENT).await?;
    ask(tab, QUESTION).await?;
    tab.wait_for(".turn:first-child .citation").await?;
    tab.click(".turn:first-child .citation a").await?;
    shows(tab, STATEMENT).await?;
    assert_eq!(tab.count(".waterfall li").await?, 4);
    for stage in ["accepted", "streamed", "consumed", "indexed"] {
        tab.wait_for(&format!(".waterfall [data-stage={stage}] rect"))
            .await?;
    }
    // The answer is written while the caller has it already.
    until("the answer among those that cite it", async || {
        tab.reload().await?;
        tab.wait_for("[data-hydrated]").await?;
        Ok((tab.count("#cited li").await? > 0).then_some(()))
    })
    .await?;
    assert!(tab.text("#cited li").await?.contains(QUESTION));
    judge(tab).await?;

    tab.click("#cited a").await?;
    tab.wait_for_text("main", |text| text.contains("seer-answer/"))
        .await?;
    shows(tab, QUESTION).await?;
    tab.go_through_history(-1).await?;
    shows(tab, STATEMENT).await?;
    // Who comes back to the tab sees what was asked meanwhile, without loading the page anew.
    let asked = format!("Tell me about the tribe: {QUESTION}");
    let url = person.stack.platform.addresses().seer_url();
    let answer = person.stack.client.post(format!("{url}/ask"));
    answer
        .body(asked.clone())
        .send()
        .await?
        .error_for_status()?;
    until("the other question", async || {
        let comes_back = "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))";
        let _: bool = tab.evaluate(comes_back).await?;
        Ok(tab.text("#cited").await?.contains(&asked).then_some(()))
    })
    .await?;
    person.leave().await
}

/// To the eye of axe-core, and whether it fits.
async fn judge(tab: &Tab) -> anyhow::Result<()> {
    let axe = Axe::installed()?;
    for scheme in ["light", "dark"] {
        let choices = [
            ("prefers-color-scheme", scheme),
            ("prefers-reduced-motion", "reduce"),
        ];
        tab.prefer(&choices).await?;
        for width in WIDTHS {
            tab.resize(width, 900).await?;
            let overflow: i64 = tab
                .evaluate("document.documentElement.scrollWidth - innerWidth")
                .await?;
            assert!(overflow <= 0, "{overflow} px too wide at {width} px");
            if let Some(axe) = &axe {
                assert_eq!(axe.complaints(tab).await?, Vec::<String>::new());
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_walks_along_the_partition_and_the_key() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let first = send(&person.stack, "orders/order-42", "{\"step\":1}").await?;
    // Any other key may fall into another partition, so only those of one key are sure to be neighbours.
    send(&person.stack, "orders/order-42", "{\"step\":2}").await?;
    send(&person.stack, "orders/order-42", "{\"step\":3}").await?;
    person.go(&format!("/message/{}", first.id)).await?;
    shows(tab, "\"step\": 1").await?;
    assert_eq!(tab.count("#previous, #previous-with-key").await?, 0);
    tab.click("#next").await?;
    shows(tab, "\"step\": 2").await?;
    tab.click("#next-with-key").await?;
    shows(tab, "\"step\": 3").await?;
    assert_eq!(tab.count("#next").await?, 0);
    tab.click("#previous").await?;
    shows(tab, "\"step\": 2").await?;
    tab.go_through_history(-1).await?;
    shows(tab, "\"step\": 3").await?;

    // How the value is shown is in the address, and stays when the page is loaded anew.
    tab.click(".shapes a:nth-child(3)").await?;
    shows(tab, "7b 22 73").await?;
    tab.reload().await?;
    tab.wait_for("[data-hydrated]").await?;
    shows(tab, "7b 22 73").await?;
    assert!(tab.url().await?.ends_with("as=hex"));
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_shown_by_its_place_without_scripts() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let first = send(&person.stack, "orders/order-42", "{\"step\":1}").await?;
    send(&person.stack, "orders/order-42", "{\"step\":2}").await?;
    let place = format!("/message/orders/{}/{}", first.partition, first.offset);
    person.go_without_scripts(&place).await?;
    shows(tab, "\"step\": 1").await?;
    assert_eq!(tab.count(".waterfall li").await?, 3);
    tab.click(".shapes a:nth-child(2)").await?;
    shows(tab, "{\"step\":1}").await?;
    tab.click("#next").await?;
    shows(tab, "\"step\": 2").await?;
    person.leave_after_trouble().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_message_is_text_by_its_id_and_by_its_place() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let key: String = CANARY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let sent = send(&person.stack, &format!("orders/{key}"), CANARY).await?;
    for page in [
        format!("/message/{}", sent.id),
        format!("/message/orders/{}/{}?as=text", sent.partition, sent.offset),
    ] {
        person.go(&page).await?;
        shows(tab, "onerror").await?;
        tab.wait_for_text(".facts", |text| text.contains("onerror"))
            .await?;
        person.sees_a_dead_canary().await?;
    }
    // A foreign client's record, of which nothing is known but what lies there.
    let nowhere = format!("/message/orders/{}/{}", sent.partition, sent.offset + 1);
    person.tab.go_live(&person.stack.portal(&nowhere)).await?;
    tab.wait_for_text("[role=alert]", |text| text.contains("does not hold"))
        .await?;
    // Browsers note the 404 as an error.
    person.leave_after_trouble().await
}
