//! The page of the stream in a real browser, as a person uses it.

use e2e::{browser::Tab, wait::until};

use crate::{
    person::Person,
    sending::grouped,
    stack::{Stack, example_events},
};

const TOPIC: &str = "orders";

async fn send(stack: &Stack, number: usize) -> anyhow::Result<()> {
    let value = format!("{{\"order\":{number}}}");
    let sent = stack
        .produce(&format!("{TOPIC}/order-{number}"))
        .body(value)
        .send()
        .await?;
    assert_eq!(sent.status(), 201);
    Ok(())
}

async fn values(tab: &Tab) -> anyhow::Result<Vec<String>> {
    tab.evaluate("[...document.querySelectorAll('.record-value')].map(value => value.textContent)")
        .await
}

async fn is_live(tab: &Tab) -> anyhow::Result<()> {
    tab.wait_for_text("#tail-state", |text| text == "live")
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jq_filter_lets_only_what_matches_by() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    for number in 38..42 {
        send(&person.stack, number).await?;
    }
    person.go("/stream?topics=orders").await?;
    until("all four", async || {
        Ok((values(tab).await?.len() == 4).then_some(()))
    })
    .await?;
    tab.fill("#where", ".value.order > 40").await?;
    tab.click("#show").await?;
    until("the one that matches", async || {
        Ok((values(tab).await? == ["{\"order\":41}"]).then_some(()))
    })
    .await?;
    is_live(tab).await?;
    for number in [3, 42, 4, 43] {
        send(&person.stack, number).await?;
    }
    let matches = ["{\"order\":43}", "{\"order\":42}", "{\"order\":41}"];
    until("those that match, live", async || {
        Ok((values(tab).await? == matches).then_some(()))
    })
    .await?;
    // The address is all that it takes to see the same again.
    tab.reload().await?;
    until("the same again", async || {
        Ok((values(tab).await? == matches).then_some(()))
    })
    .await?;
    let kept: String = tab
        .evaluate("document.querySelector('#where').value")
        .await?;
    assert_eq!(kept, ".value.order > 40");
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_loses_nothing() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    send(&person.stack, 1).await?;
    person.go("/stream?topics=orders").await?;
    is_live(tab).await?;
    send(&person.stack, 2).await?;
    until("the second", async || {
        Ok((values(tab).await?.len() == 2).then_some(()))
    })
    .await?;
    tab.click("#pause").await?;
    tab.wait_for_text("#tail-state", |text| text.starts_with("paused"))
        .await?;
    for number in 3..6 {
        send(&person.stack, number).await?;
    }
    assert_eq!(values(tab).await?.len(), 2);
    tab.click("#pause").await?;
    until("what came meanwhile", async || {
        Ok((values(tab).await?.len() == 5).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_opened_in_three_shapes_and_sent_again() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    send(&person.stack, 42).await?;
    person.go("/stream?topics=orders").await?;
    is_live(tab).await?;
    tab.click(".records a").await?;
    tab.wait_for_text(".record .payload", |text| text.contains("  \"order\": 42"))
        .await?;
    tab.click(".shapes button:nth-child(2)").await?;
    tab.wait_for_text(".record .payload", |text| text == "{\"order\":42}")
        .await?;
    tab.click(".shapes button:nth-child(3)").await?;
    tab.wait_for_text(".record .payload", |text| {
        text.starts_with("00000000  7b 22 6f")
    })
    .await?;
    tab.click("#send-again").await?;
    let typed: String = tab.evaluate("document.querySelector('#key').value").await?;
    assert_eq!(typed, "order-42");
    tab.click("#do-it").await?;
    until("it once more", async || {
        Ok((values(tab).await? == ["{\"order\":42}", "{\"order\":42}"]).then_some(()))
    })
    .await?;
    // From the record to its life, and back.
    tab.click("#open-message").await?;
    tab.wait_for("[data-stage=consumed][data-reached]").await?;
    tab.wait_for_text("main", |text| text.contains("order-42"))
        .await?;
    tab.go_through_history(-1).await?;
    until("the list", async || {
        Ok((values(tab).await?.len() == 2).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_records_are_held_and_few_are_on_the_page() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    let events = example_events()?;
    let count = events.lines().count();
    let lines = person
        .stack
        .produce("packages")
        .header("content-type", "application/x-ndjson");
    let sent = lines.body(events).send().await?;
    assert!(sent.status().is_success());
    sent.bytes().await?;
    person.go("/stream?topics=packages&from=earliest").await?;
    let held = format!("{} records here", grouped(count));
    tab.wait_for_text("#held", |text| text == held).await?;
    let rows = tab.count(".records li").await?;
    assert!(rows < 100, "{rows} rows");
    // Further down there are others, and they stay there.
    let top: String = tab.text(".record-place").await?;
    let _: bool = tab
        .evaluate("(document.querySelector('.records').scrollTop = 32000) > 0")
        .await?;
    until("other rows", async || {
        let visible: String = tab
            .evaluate("[...document.querySelectorAll('.records li')].find(row => row.getBoundingClientRect().top > document.querySelector('.records').getBoundingClientRect().top)?.textContent ?? ''")
            .await?;
        Ok((!visible.is_empty() && !visible.contains(&top)).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_the_form_keeps_it() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    person.go("/stream?topics=orders").await?;
    tab.fill("#where", ".value |||").await?;
    tab.click("#show").await?;
    tab.wait_for("main > .notice").await?;
    let kept: String = tab
        .evaluate("document.querySelector('#where').value")
        .await?;
    assert_eq!(kept, ".value |||");
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_by_the_limit_is_said() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    person.go("/stream?topics=orders&rate=50").await?;
    is_live(tab).await?;
    let lines: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let sent = person
        .stack
        .produce(TOPIC)
        .header("content-type", "application/x-ndjson");
    let sent = sent.body(lines).send().await?;
    sent.bytes().await?;
    let said = tab
        .wait_for_text("#left-out", |text| text.contains("left out by the limit"))
        .await?;
    assert!(said.contains("/s of "), "{said}");
    // What is shown and what is left out is all there was.
    until("each of the thousand to be told", async || {
        let shown = number(&tab.text("#held").await?);
        let text = tab.text("#left-out").await?;
        let left_out = text.split(" · ").find(|part| part.contains("left out"));
        Ok((shown + left_out.map_or(0, number) == 1000).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_is_saved_as_lines() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    for number in 0..3 {
        send(&person.stack, number).await?;
    }
    let folder = tempfile::tempdir()?;
    tab.save_downloads_in(folder.path()).await?;
    person.go("/stream?topics=orders&from=earliest").await?;
    tab.wait_for_text("#held", |text| text.starts_with("3 "))
        .await?;
    tab.click("#export").await?;
    let file = folder.path().join("records.ndjson");
    let saved = until("the file", async || {
        let saved = std::fs::read_to_string(&file).unwrap_or_default();
        Ok((saved.lines().count() == 3).then_some(saved))
    })
    .await?;
    let records: Vec<contract::record::RecordView> = saved
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let values: Vec<_> = records
        .iter()
        .filter_map(|record| record.value.as_deref())
        .collect();
    assert_eq!(values, ["{\"order\":0}", "{\"order\":1}", "{\"order\":2}"]);
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_opened_and_left_by_keyboard() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    send(&person.stack, 42).await?;
    person.go("/stream?topics=orders").await?;
    is_live(tab).await?;
    let focused = async |selector: &str| {
        let script = format!("document.activeElement.matches('{selector}')");
        until(format!("the focus on {selector}"), async || {
            Ok(tab.evaluate::<bool>(&script).await?.then_some(()))
        })
        .await
    };
    for _ in 0..60 {
        let script = "document.activeElement.matches('.records a')";
        if tab.evaluate::<bool>(script).await? {
            break;
        }
        tab.press("Tab").await?;
    }
    tab.press("Enter").await?;
    tab.wait_for(".record .payload").await?;
    focused("section.record").await?;
    tab.press("Escape").await?;
    focused(".records a").await?;
    assert_eq!(tab.count(".record").await?, 0);
    person.leave().await
}

/// The number with which a text begins, `1,234` as the page writes it.
fn number(text: &str) -> usize {
    let digits = text.chars().take_while(|c| c.is_ascii_digit() || *c == ',');
    let digits: String = digits.filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
