//! Many messages at once, and the map that they pass over.

use crate::person::Person;

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_counted_until_the_last_is_done() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    tab.click(".burst summary").await?;
    tab.fill("#burst-count", "40").await?;
    tab.fill("#burst-rate", "200").await?;
    tab.fill("#payload", "order {n}").await?;
    tab.click("#burst").await?;
    let ended = |text: &str| text.starts_with("Ended: 40 of 40 in the log");
    tab.wait_for_text("#burst-report", ended).await?;
    let consumed = tab.text(".histogram[data-stage=consumed] .count").await?;
    assert_eq!(consumed, "40 of 40");
    assert!(tab.count(".histogram[data-stage=consumed] path").await? > 0);
    // The address leads to it again.
    tab.reload().await?;
    tab.wait_for("[data-hydrated]").await?;
    tab.wait_for_text("#burst-report", ended).await?;
    person.leave().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_tells_its_figures_and_the_message_lights_its_way() -> anyhow::Result<()> {
    let person = Person::at_round_trip().await?;
    let tab = &person.tab;
    assert_eq!(tab.count("[data-mine]").await?, 0);
    tab.click("[data-station=consumer] summary").await?;
    let address = "[data-station=consumer] .facts dd";
    let url = person.stack.platform.addresses().consumer_url();
    tab.wait_for_text(address, |text| text.starts_with(&url))
        .await?;
    tab.click("#do-it").await?;
    for station in ["producer", "streamer", "consumer", "status"] {
        tab.wait_for(&format!("[data-station={station}][data-mine]"))
            .await?;
    }
    // The figures are renewed every second, and what was opened stays open.
    tab.wait_for_text("[data-station=consumer] .figure strong", |text| text == "1")
        .await?;
    assert_eq!(tab.count("[data-station=consumer] details[open]").await?, 1);
    // Another message runs the same way anew.
    let first = tab
        .attribute("[data-station=producer]", "data-mine")
        .await?;
    tab.click("#do-it").await?;
    e2e::wait::until("the second message", async || {
        let now = tab
            .attribute("[data-station=producer]", "data-mine")
            .await?;
        Ok((now != first && now.is_some()).then_some(()))
    })
    .await?;
    person.leave().await
}
