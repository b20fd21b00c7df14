use e2e::{
    browser::{Browser, Tab},
    wait::until,
};

use crate::stack::Stack;

/// What runs where it should be shown as text changes the title.
pub(crate) const CANARY: &str = "<img src=x onerror=\"document.title='owned'\"></textarea></script><script>document.title='owned'</script>";

/// Somebody with a browser, before a running platform.
pub(crate) struct Person {
    pub(crate) stack: Stack,
    browser: Browser,
    pub(crate) tab: Tab,
}

impl Person {
    pub(crate) async fn at_round_trip() -> anyhow::Result<Self> {
        let person = Self::with(Stack::start().await?).await?;
        person.go("/").await?;
        Ok(person)
    }

    /// Signed in, where people are asked who they are.
    pub(crate) async fn with(stack: Stack) -> anyhow::Result<Self> {
        let person = Self::unknown_to(stack).await?;
        if let Some(link) = person.stack.sign_in_link().await? {
            person.tab.go_live(&link).await?;
        }
        Ok(person)
    }

    pub(crate) async fn unknown_to(stack: Stack) -> anyhow::Result<Self> {
        let browser = Browser::launch().await?;
        let tab = browser.tab().await?;
        Ok(Self {
            stack,
            browser,
            tab,
        })
    }

    /// Goes to a page of the portal, which comes alive.
    pub(crate) async fn go(&self, page: &str) -> anyhow::Result<()> {
        self.tab.go_live(&self.stack.portal(page)).await
    }

    /// Goes to a page of which nothing that is a script will come.
    pub(crate) async fn go_without_scripts(&self, page: &str) -> anyhow::Result<()> {
        let tab = &self.tab;
        tab.block(&["*://*:*/*.js", "*://*:*/*.wasm"]).await?;
        tab.go(&self.stack.portal(page)).await?;
        // A pattern that matches nothing would go unnoticed.
        until("a script that does not load", async || {
            let is_blocked: bool = tab
                .evaluate(
                    "performance.getEntriesByType('resource')
                        .some(entry => entry.name.endsWith('.js') && entry.responseStatus === 0)",
                )
                .await?;
            Ok(is_blocked.then_some(()))
        })
        .await
    }

    /// Says that the canary is on the page, as text.
    pub(crate) async fn sees_a_dead_canary(&self) -> anyhow::Result<()> {
        let tab = &self.tab;
        tab.wait_for_text("body", |text| text.contains("onerror"))
            .await?;
        assert_eq!(tab.count("img[src=x]").await?, 0);
        let title: String = tab.evaluate("document.title").await?;
        assert!(!title.contains("owned"), "{title}");
        Ok(())
    }

    /// Ends everything. Nothing went wrong behind the page.
    pub(crate) async fn leave(self) -> anyhow::Result<()> {
        assert_eq!(self.tab.problems(), Vec::<String>::new());
        self.leave_after_trouble().await
    }

    /// Ends everything after requests that had to fail, which browsers note as errors.
    pub(crate) async fn leave_after_trouble(self) -> anyhow::Result<()> {
        self.browser.close().await?;
        self.stack.stop().await
    }
}
