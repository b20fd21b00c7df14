//! The seer's page in a real browser, with the real model.

use e2e::{browser::Tab, wait::until};

use crate::{
    person::{CANARY, Person},
    stack::Stack,
};

pub(crate) const STATEMENT: &str =
    "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
pub(crate) const QUESTION: &str = "Do you know anything about the Wilymajinkas?";
const INDEXED: &str = "[data-receipt] [data-stage=indexed][data-reached]";
/// The answer to the question asked last.
const ANSWER: &str = ".turn:first-child .answer-text[data-answered]";

/// A browser on the seer's page, when the model is loaded.
pub(crate) async fn at_the_seer() -> anyhow::Result<Person> {
    let person = Person::with(Stack::start_with_seer().await?).await?;
    person.stack.seer_ready().await?;
    person.go("/seer").await?;
    Ok(person)
}

pub(crate) async fn ask(tab: &Tab, question: &str) -> anyhow::Result<()> {
    let asked = tab.count(".turn").await?;
    tab.fill("#question", question).await?;
    tab.click("#ask-it").await?;
    until("the question in the list", async || {
        Ok((tab.count(".turn").await? > asked).then_some(()))
    })
    .await?;
    tab.wait_for(ANSWER).await
}

pub(crate) async fn teach(tab: &Tab, statement: &str) -> anyhow::Result<()> {
    tab.fill("#statement", statement).await?;
    tab.click("#teach-it").await?;
    tab.wait_for(INDEXED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taught_is_answered_with_a_citation_that_opens_its_message() -> anyhow::Result<()> {
    let person = at_the_seer().await?;
    let tab = &person.tab;
    ask(tab, QUESTION).await?;
    tab.wait_for_text(".turn:first-child", |text| {
        text.contains("No message says it")
    })
    .await?;

    teach(tab, STATEMENT).await?;
    ask(tab, QUESTION).await?;
    tab.wait_for_text(".turn:first-child .citation", |text| {
        text.contains(STATEMENT)
    })
    .await?;
    tab.wait_for_text(".turn:first-child .mode", |text| {
        text.contains("sentences of the messages themselves")
    })
    .await?;

    // Pointing at the number shows the sentence and its card.
    let cite = ".turn:first-child .cite";
    assert_eq!(shown(tab, ".turn:first-child .quote").await?, "none");
    tab.point_at(cite).await?;
    tab.wait_for(".turn:first-child .citation[data-lit]")
        .await?;
    assert_eq!(shown(tab, ".turn:first-child .quote").await?, "block");

    tab.click(cite).await?;
    tab.wait_for_text(".payload", |text| text.contains(STATEMENT))
        .await?;
    tab.wait_for("[data-stage=indexed][data-reached]").await?;
    tab.wait_for_text("main", |text| text.contains("seer-statement"))
        .await?;
    assert!(tab.url().await?.contains("/message/"));

    // On the way back the conversation is still there.
    tab.go_through_history(-1).await?;
    tab.wait_for(ANSWER).await?;
    assert_eq!(tab.count(".turn").await?, 2);
    tab.click("#begin-anew").await?;
    tab.wait_for(".empty").await?;
    assert_eq!(tab.count(".turn").await?, 0);
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_round_trip_climbs_to_indexed_and_can_be_asked_about() -> anyhow::Result<()>
{
    let person = Person::with(Stack::start_with_seer().await?).await?;
    let tab = &person.tab;
    person.go("/").await?;
    tab.click("#do-it").await?;
    tab.wait_for(INDEXED).await?;
    tab.click("[data-receipt] .is-done").await?;
    tab.wait_for_text("[data-receipt] .answer", |text| text.contains("indexed"))
        .await?;
    tab.wait_for("[data-station=seer][data-health=ready]")
        .await?;
    tab.click(".ask-about").await?;
    tab.wait_for(".turn .answer-text[data-answered]").await?;
    tab.wait_for_text(".turn h3", |text| text.contains("order-42"))
        .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_loaded_with_progress_and_answers() -> anyhow::Result<()> {
    let person = at_the_seer().await?;
    let tab = &person.tab;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("handbook.txt");
    std::fs::write(&file, handbook())?;
    tab.choose_file("#files", &file).await?;
    tab.click("#load-it").await?;
    tab.wait_for_text(".loaded", |text| {
        text.contains("handbook.txt") && text.contains("messages")
    })
    .await?;
    until("the handbook to be answered from", async || {
        ask(tab, "Where is the spare key of the lighthouse?").await?;
        let answer = tab.text(".turn:first-child").await?;
        Ok(answer.contains("painted barrel").then_some(()))
    })
    .await?;
    // A file that is none of those kinds is named, with the reason.
    let odd = folder.path().join("odd.pdf");
    std::fs::write(&odd, b"\x00\x01\x02\xff no pdf")?;
    tab.choose_file("#files", &odd).await?;
    tab.click("#load-it").await?;
    tab.wait_for_text(".loaded [data-failed]", |text| text.contains("odd.pdf"))
        .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_and_teaching_work_without_scripts() -> anyhow::Result<()> {
    let person = Person::with(Stack::start_with_seer().await?).await?;
    person.stack.seer_ready().await?;
    let tab = &person.tab;
    person.go_without_scripts("/seer").await?;
    tab.fill("#statement", STATEMENT).await?;
    tab.click("#teach-it").await?;
    tab.wait_for("[data-receipt]").await?;
    let id = tab.attribute("[data-receipt]", "data-receipt").await?;
    let taught = format!("/seer?taught={}", id.unwrap_or_default());
    until("the statement to be indexed", async || {
        tab.go(&person.stack.portal(&taught)).await?;
        Ok((tab.count(INDEXED).await? > 0).then_some(()))
    })
    .await?;
    tab.fill("#question", QUESTION).await?;
    tab.click("#ask-it").await?;
    tab.wait_for_text(".citation", |text| text.contains(STATEMENT))
        .await?;
    tab.click(".citation a").await?;
    tab.wait_for_text(".payload", |text| text.contains(STATEMENT))
        .await?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("note.md");
    std::fs::write(&file, "# Note\n\nThe well is dry.\n")?;
    tab.go(&person.stack.portal("/seer")).await?;
    tab.choose_file("#files", &file).await?;
    tab.click("#load-it").await?;
    tab.wait_for_text(".loaded", |text| text.contains("note.md"))
        .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_message_is_quoted_as_text_and_nothing_runs() -> anyhow::Result<()> {
    let person = at_the_seer().await?;
    let tab = &person.tab;
    teach(tab, &format!("The Zorblatt engine hums {CANARY}")).await?;
    ask(tab, "What does the Zorblatt engine do?").await?;
    person.sees_a_dead_canary().await?;
    tab.click(".citation a").await?;
    tab.wait_for_text(".payload", |text| text.contains("onerror"))
        .await?;
    person.sees_a_dead_canary().await?;
    // Rendered by the server, too.
    let page = "/seer?q=What+does+the+Zorblatt+engine+do%3F+%3Cimg+src%3Dx+onerror%3D1%3E";
    person.go(page).await?;
    tab.wait_for(".citation").await?;
    person.sees_a_dead_canary().await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_can_be_rebuilt_after_being_asked() -> anyhow::Result<()> {
    let person = at_the_seer().await?;
    let tab = &person.tab;
    teach(tab, STATEMENT).await?;
    tab.click(".confirm summary").await?;
    tab.click("#reindex").await?;
    tab.wait_for_text("#rebuilding", |text| text.contains("is complete"))
        .await?;
    ask(tab, QUESTION).await?;
    tab.wait_for(".citation").await?;
    person.leave().await
}

/// How the element is displayed, as CSS says it.
async fn shown(tab: &Tab, selector: &str) -> anyhow::Result<String> {
    tab.evaluate(&format!(
        "getComputedStyle(document.querySelector('{selector}')).display"
    ))
    .await
}

/// A text in which one passage says where the key is. Not larger, because indexing computes, beside other tests.
fn handbook() -> String {
    let filler = "The lamp is trimmed at dusk and the log is kept in ink. ".repeat(18);
    let chapter = |n| format!("Chapter {n}. {filler}\n\n");
    let mut text: String = (0..30).map(chapter).collect();
    text.push_str("Appendix. The spare key of the lighthouse hangs behind the painted barrel in the cellar.\n\n");
    text.extend((30..60).map(chapter));
    text
}
