//! The portal in a real browser, as a person uses it.

use e2e::wait::until;

use crate::{
    person::{CANARY, Person},
    stack::Stack,
};

pub(crate) const CONSUMED: &str = "[data-receipt] [data-stage=consumed][data-reached]";

#[tokio::test(flavor = "multi_thread")]
async fn do_it_climbs_to_consumed_and_is_done_says_so() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.click("#do-it").await?;
    tab.wait_for(CONSUMED).await?;
    tab.click("[data-receipt] .is-done").await?;
    tab.wait_for_text("[data-receipt] .answer", |text| text.contains("Yes, done"))
        .await?;

    // The receipts are this browser's: a reload shows them again, and the next message climbs above them.
    tab.reload().await?;
    tab.wait_for("[data-hydrated]").await?;
    tab.wait_for(CONSUMED).await?;
    tab.click("#do-it").await?;
    tab.wait_for(&format!("[data-receipt] ~ [data-receipt], {CONSUMED}"))
        .await?;
    until("both messages to be consumed", async || {
        Ok((tab.count(CONSUMED).await? == 2).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_payload_is_shown_as_text_and_nothing_runs() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.fill("#key", CANARY).await?;
    tab.fill("#payload", CANARY).await?;
    tab.click("#do-it").await?;
    tab.wait_for(CONSUMED).await?;
    let id = tab.attribute("[data-receipt]", "data-receipt").await?;
    let message = format!("/message/{}", id.unwrap_or_default());
    for page in ["/", &message] {
        person.go(page).await?;
        person.sees_a_dead_canary().await?;
    }
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_round_trip_works_without_scripts() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    person.go_without_scripts("/").await?;
    tab.fill("#payload", "sent by a plain form").await?;
    tab.click("#do-it").await?;
    tab.wait_for("[data-receipt]").await?;
    // IsDone is a plain form too: each press loads the page anew.
    until("the ladder after IsDone", async || {
        tab.click(".is-done").await?;
        tab.wait_for("[data-receipt]").await?;
        Ok((tab.count(CONSUMED).await? > 0).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_in_words_and_the_form_keeps_its_text() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.fill("#topic", "no spaces allowed").await?;
    tab.fill("#payload", "typed with care").await?;
    tab.click("#do-it").await?;
    tab.wait_for_text("#problem", |text| text.contains("letters, digits"))
        .await?;
    let kept: String = tab
        .evaluate("document.querySelector('#payload').value")
        .await?;
    assert_eq!(kept, "typed with care");

    tab.fill("#topic", "stream").await?;
    let length: usize = tab
        .evaluate("(document.querySelector('#payload').value = 'x'.repeat(2_000_000)).length")
        .await?;
    assert_eq!(length, 2_000_000);
    tab.click("#do-it").await?;
    tab.wait_for_text("#problem", |text| text.contains("bytes"))
        .await?;
    person.leave_after_trouble().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_said_on_the_page() -> anyhow::Result<()> {
    let person = Person::with(Stack::start_without_broker().await?).await?;
    let tab = &person.tab;
    person.go("/").await?;
    tab.click("#do-it").await?;
    tab.wait_for_text("#problem", |text| text.contains("Kafka"))
        .await?;
    tab.wait_for(
        "[data-station=streamer][data-health=away], [data-station=streamer][data-health=ailing]",
    )
    .await?;
    person.leave_after_trouble().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_of_the_api_can_be_explored() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    tab.go(&person.stack.portal("/docs/")).await?;
    tab.wait_for(".opblock-summary").await?;
    tab.click(".opblock-summary").await?;
    tab.wait_for(".opblock.is-open .responses-inner").await?;
    person.leave().await
}
