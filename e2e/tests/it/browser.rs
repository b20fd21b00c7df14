//! The portal in a real browser, as a person uses it.

use crate::{
    person::{Person, is_dark, keep_picture},
    stack::Stack,
};

const CONSUMED: &str = "[data-receipt] [data-stage=consumed][data-reached]";

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
    e2e::wait::until("both messages to be consumed", async || {
        Ok((tab.count(CONSUMED).await? == 2).then_some(()))
    })
    .await?;
    assert_eq!(tab.problems(), Vec::<String>::new());
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_payload_is_shown_as_text_and_nothing_runs() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    let canary = "</textarea><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    tab.fill("#key", canary).await?;
    tab.fill("#payload", canary).await?;
    tab.click("#do-it").await?;
    tab.wait_for(CONSUMED).await?;
    let id = tab.attribute("[data-receipt]", "data-receipt").await?;
    let message = format!("/message/{}", id.unwrap_or_default());
    for page in ["/", &message] {
        tab.go_live(&person.stack.portal(page)).await?;
        tab.wait_for_text("body", |text| text.contains("onerror"))
            .await?;
        assert_eq!(tab.count("img[src=x]").await?, 0, "{page}");
        let title: String = tab.evaluate("document.title").await?;
        assert!(!title.contains("owned"), "{page}");
    }
    assert_eq!(tab.problems(), Vec::<String>::new());
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_round_trip_works_without_scripts() -> anyhow::Result<()> {
    let person = Person::with(Stack::start().await?).await?;
    let tab = &person.tab;
    tab.block_scripts().await?;
    tab.go(&person.stack.portal("/")).await?;
    tab.fill("#payload", "sent by a plain form").await?;
    tab.click("#do-it").await?;
    tab.wait_for("[data-receipt]").await?;
    // IsDone is a plain form too: each press loads the page anew.
    e2e::wait::until("the ladder after IsDone", async || {
        tab.click(".is-done").await?;
        tab.wait_for("[data-receipt]").await?;
        Ok((tab.count(CONSUMED).await? > 0).then_some(()))
    })
    .await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_is_enough() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    let mut focused: String = tab.evaluate("document.activeElement.id").await?;
    for _ in 0..40 {
        if focused == "do-it" {
            break;
        }
        tab.press("Tab").await?;
        focused = tab.evaluate("document.activeElement.id").await?;
    }
    assert_eq!(focused, "do-it", "DoIt cannot be reached with Tab");
    let outline: String = tab
        .evaluate("getComputedStyle(document.activeElement).outlineStyle")
        .await?;
    assert_ne!(outline, "none", "the focus is not visible");
    tab.press("Enter").await?;
    tab.wait_for(CONSUMED).await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_a_desk_in_light_and_dark() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.click("#do-it").await?;
    tab.wait_for(CONSUMED).await?;
    let id = tab.attribute("[data-receipt]", "data-receipt").await?;
    let message = format!("/message/{}", id.unwrap_or_default());
    for dark in [false, true] {
        if dark {
            tab.prefer_dark().await?;
        }
        for width in [360, 1280] {
            for page in ["/", &message, "/about"] {
                // Taking a picture undoes it.
                tab.resize(width, 900).await?;
                tab.go_live(&person.stack.portal(page)).await?;
                let overflow: i64 = tab
                    .evaluate("document.documentElement.scrollWidth - innerWidth")
                    .await?;
                assert!(overflow <= 0, "{page} is {overflow} px wider than {width}");
                let background: String = tab
                    .evaluate("getComputedStyle(document.documentElement).backgroundColor")
                    .await?;
                assert_eq!(is_dark(&background), dark, "{page}: {background}");
                keep_picture(tab, page, width, dark).await?;
            }
        }
    }
    assert_eq!(tab.problems(), Vec::<String>::new());
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
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_said_on_the_page() -> anyhow::Result<()> {
    let person = Person::with(Stack::start_without_broker().await?).await?;
    let tab = &person.tab;
    tab.go_live(&person.stack.portal("/")).await?;
    tab.click("#do-it").await?;
    tab.wait_for_text("#problem", |text| text.contains("Kafka"))
        .await?;
    tab.wait_for(
        "[data-station=streamer][data-health=away], [data-station=streamer][data-health=ailing]",
    )
    .await?;
    person.leave().await
}
