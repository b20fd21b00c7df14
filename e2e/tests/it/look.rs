//! How every page looks: on a phone and on a desk, in light and dark, to the eye and to axe-core.

use std::{env, fs, io::Write, path::Path};

use e2e::{axe::Axe, browser::Tab};

use crate::{
    person::Person,
    round_trip_page::CONSUMED,
    seer_page::{QUESTION, STATEMENT, ask, at_the_seer, teach},
    stack::example_events,
};

/// The folder that pictures are kept in, where somebody wants them: `make screenshots`.
const PICTURES: &str = "SCREENSHOTS";
/// The narrowest that is looked after, and the widths of the pictures.
const WIDTHS: [i64; 3] = [360, 390, 1280];
const HEIGHT: i64 = 900;

/// A page, by the name of its picture.
type Named = (&'static str, String);

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_and_is_accessible_in_light_and_dark() -> anyhow::Result<()> {
    let person = at_the_seer().await?;
    let axe = Axe::installed()?;
    if axe.is_none() {
        // Past the test's own output, which nobody reads when it passes.
        writeln!(
            std::io::stderr(),
            "accessibility was not tested: axe-core is not installed; install npm, then run `make/setup.sh test`"
        )?;
    }
    let pages = use_everything(&person).await?;
    for scheme in ["light", "dark"] {
        // What moves has no colour to judge.
        let choices = [
            ("prefers-color-scheme", scheme),
            ("prefers-reduced-motion", "reduce"),
        ];
        person.tab.prefer(&choices).await?;
        for width in WIDTHS {
            for page in &pages {
                look_at(&person, axe.as_ref(), page, width, scheme).await?;
            }
        }
        person.tab.press("?").await?;
        person.tab.wait_for("dialog[open]").await?;
        judge(axe.as_ref(), &person.tab, "the list of keys").await?;
        keep_picture(&person.tab, "keyboard", WIDTHS[2], scheme).await?;
    }
    // A judge who is blind would be content too.
    if let Some(axe) = axe {
        person.go("/about").await?;
        let nameless = "document.querySelector('main').append(document.createElement('button'))";
        let _: bool = person.tab.evaluate(&format!("{nameless} ?? true")).await?;
        let complaints = axe.complaints(&person.tab).await?;
        assert!(
            complaints.len() == 1 && complaints[0].starts_with("button-name"),
            "{complaints:?}"
        );
    }
    person.leave().await
}

async fn look_at(
    person: &Person,
    axe: Option<&Axe>,
    (name, page): &Named,
    width: i64,
    scheme: &str,
) -> anyhow::Result<()> {
    let tab = &person.tab;
    // Taking a picture undoes it.
    tab.resize(width, HEIGHT).await?;
    person.go(page).await?;
    if *name == "stream" {
        tab.wait_for_text("#tail-state", |text| text == "live")
            .await?;
    }
    let what = format!("{name} at {width} px in {scheme}");
    fits(tab, scheme, &what).await?;
    judge(axe, tab, &what).await?;
    keep_picture(tab, name, width, scheme).await?;
    if *name == "stream" {
        tab.resize(width, HEIGHT).await?;
        tab.click(".records a").await?;
        tab.wait_for(".record").await?;
        fits(tab, scheme, "a record").await?;
        judge(axe, tab, "a record").await?;
        let _: bool = tab.evaluate("(scrollTo(0, 0), true)").await?;
        keep_picture(tab, "record", width, scheme).await?;
    }
    Ok(())
}

/// Leaves traces on every page, and gives the pages.
async fn use_everything(person: &Person) -> anyhow::Result<Vec<Named>> {
    let tab = &person.tab;
    teach(tab, STATEMENT).await?;
    ask(tab, QUESTION).await?;
    person.go("/").await?;
    tab.click("#do-it").await?;
    tab.wait_for(CONSUMED).await?;
    tab.wait_for("[data-receipt] [data-stage=indexed][data-reached]")
        .await?;
    let events = example_events()?;
    let some: Vec<&str> = events.lines().take(40).collect();
    let sent = person
        .stack
        .produce("packages")
        .header("content-type", "application/x-ndjson");
    let sent = sent.body(some.join("\n")).send().await?;
    sent.error_for_status()?.bytes().await?;
    let id = tab.attribute("[data-receipt]", "data-receipt").await?;
    Ok(vec![
        ("round-trip", "/".to_owned()),
        ("message", format!("/message/{}", id.unwrap_or_default())),
        ("seer", format!("/seer?q={}", QUESTION.replace(' ', "+"))),
        ("stream", "/stream".to_owned()),
        ("topics", "/topics".to_owned()),
        ("topic", "/topics/packages".to_owned()),
        ("groups", "/groups".to_owned()),
        ("group", "/groups/consumer?to=earliest".to_owned()),
        ("life", "/life".to_owned()),
        ("about", "/about".to_owned()),
    ])
}

async fn judge(axe: Option<&Axe>, tab: &Tab, what: &str) -> anyhow::Result<()> {
    if let Some(axe) = axe {
        assert_eq!(axe.complaints(tab).await?, Vec::<String>::new(), "{what}");
    }
    Ok(())
}

async fn fits(tab: &Tab, scheme: &str, what: &str) -> anyhow::Result<()> {
    let overflow: i64 = tab
        .evaluate("document.documentElement.scrollWidth - innerWidth")
        .await?;
    assert!(overflow <= 0, "{what} is {overflow} px too wide");
    let background: String = tab
        .evaluate("getComputedStyle(document.documentElement).backgroundColor")
        .await?;
    assert_eq!(
        is_dark(&background),
        scheme == "dark",
        "{what}: {background}"
    );
    Ok(())
}

/// Whether a CSS colour `rgb(r, g, b)` is a dark one.
fn is_dark(colour: &str) -> bool {
    let parts = colour.split(|c: char| !c.is_ascii_digit());
    let sum: u32 = parts
        .filter_map(|part| part.parse::<u32>().ok())
        .take(3)
        .sum();
    sum < 3 * 128
}

async fn keep_picture(tab: &Tab, name: &str, width: i64, scheme: &str) -> anyhow::Result<()> {
    let Some(folder) = env::var_os(PICTURES).filter(|_| width != WIDTHS[0]) else {
        return Ok(());
    };
    fs::create_dir_all(&folder)?;
    let file = Path::new(&folder).join(format!("{name}-{width}-{scheme}.png"));
    tab.screenshot(&file).await
}
