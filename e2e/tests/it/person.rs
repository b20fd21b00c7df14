use e2e::browser::{Browser, Tab};

use crate::stack::Stack;

/// A browser on the Round trip page of a running platform.
pub(crate) struct Person {
    pub(crate) stack: Stack,
    browser: Browser,
    pub(crate) tab: Tab,
}

impl Person {
    pub(crate) async fn at_round_trip() -> anyhow::Result<Self> {
        let person = Self::with(Stack::start().await?).await?;
        person.tab.go_live(&person.stack.portal("/")).await?;
        Ok(person)
    }

    pub(crate) async fn with(stack: Stack) -> anyhow::Result<Self> {
        let browser = Browser::launch().await?;
        let tab = browser.tab().await?;
        Ok(Self {
            stack,
            browser,
            tab,
        })
    }

    pub(crate) async fn leave(self) -> anyhow::Result<()> {
        self.browser.close().await?;
        self.stack.stop().await
    }
}

/// Whether a CSS colour `rgb(r, g, b)` is a dark one.
pub(crate) fn is_dark(colour: &str) -> bool {
    let parts = colour.split(|c: char| !c.is_ascii_digit());
    let sum: u32 = parts
        .filter_map(|part| part.parse::<u32>().ok())
        .take(3)
        .sum();
    sum < 3 * 128
}

/// Keeps a picture of the page in the folder `SCREENSHOTS`, for a person to look at.
pub(crate) async fn keep_picture(
    tab: &Tab,
    page: &str,
    width: i64,
    dark: bool,
) -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("SCREENSHOTS") else {
        return Ok(());
    };
    let name = page.split('/').nth(1).filter(|name| !name.is_empty());
    let scheme = if dark { "dark" } else { "light" };
    let file = format!("{}-{width}-{scheme}.png", name.unwrap_or("round-trip"));
    tab.screenshot(&std::path::Path::new(&folder).join(file))
        .await
}
