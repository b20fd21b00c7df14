//! A real Chromium, driven as a person would: by what is on the page.
//!
//! Every tab notes what a person would not see but must not happen: uncaught exceptions, errors on the console (broken
//! hydration and Content-Security-Policy violations among them) and script dialogs.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use chromiumoxide::{
    Page,
    browser::BrowserConfig,
    cdp::{
        browser_protocol::{
            browser::{SetDownloadBehaviorBehavior, SetDownloadBehaviorParams},
            dom::SetFileInputFilesParams,
            emulation::{MediaFeature, SetCpuThrottlingRateParams, SetDeviceMetricsOverrideParams},
            log::EventEntryAdded,
            network::{BlockPattern, EnableParams, SetBlockedUrLsParams},
            page::{EventJavascriptDialogOpening, HandleJavaScriptDialogParams},
            system_info::GetProcessInfoParams,
        },
        js_protocol::{
            heap_profiler::CollectGarbageParams,
            runtime::{ConsoleApiCalledType, EventConsoleApiCalled, EventExceptionThrown},
        },
    },
    error::CdpError,
    page::ScreenshotParams,
};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::wait::until;

/// What Chromium says when it is asked about a document that it does not show any more.
const NO_CONTEXT: &str = "Cannot find context";

pub struct Browser {
    browser: chromiumoxide::Browser,
    events: JoinHandle<()>,
    // Deleted when the browser is dropped.
    _profile: TempDir,
}

pub struct Tab {
    page: Page,
    problems: Arc<Mutex<Vec<String>>>,
}

impl Browser {
    /// Starts Chromium with a fresh profile. `CHROME` names the executable where it is not on the path.
    pub async fn launch() -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut config = BrowserConfig::builder()
            .new_headless_mode()
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(1280, 900)
            .viewport(None)
            // No browser knows the authorities of tests.
            .args(["ignore-certificate-errors"])
            .args(["disable-gpu", "disable-quic", "disable-component-update"]);
        if let Some(executable) = std::env::var_os("CHROME") {
            config = config.chrome_executable(PathBuf::from(executable));
        }
        let config = config.build().map_err(anyhow::Error::msg)?;
        let (browser, mut handler) = chromiumoxide::Browser::launch(config)
            .await
            .context("cannot start Chromium: run `make/setup.sh test`, or name it in CHROME")?;
        // Ends by itself when the browser does. Messages newer than the library are no failure of ours.
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Ok(Self {
            browser,
            events,
            _profile: profile,
        })
    }

    /// Opens an empty tab; prepare it (viewport, scripts off, …), then [`Tab::go`].
    pub async fn tab(&self) -> anyhow::Result<Tab> {
        let page = self.browser.new_page("about:blank").await?;
        page.enable_log().await?;
        page.enable_runtime().await?;
        let tab = Tab {
            page,
            problems: Arc::default(),
        };
        tab.watch_for_problems().await?;
        Ok(tab)
    }

    /// The ids of the processes that draw pages.
    pub async fn renderers(&self) -> anyhow::Result<Vec<u32>> {
        let answer = self
            .browser
            .execute(GetProcessInfoParams::default())
            .await?;
        let processes = answer.result.process_info.iter();
        let renderers = processes.filter(|process| process.r#type == "renderer");
        Ok(renderers
            .filter_map(|process| u32::try_from(process.id).ok())
            .collect())
    }

    pub async fn close(mut self) -> anyhow::Result<()> {
        self.browser.close().await?;
        self.browser.wait().await?;
        self.events.await?;
        Ok(())
    }
}

impl Tab {
    /// Goes to an address and waits for the page to be loaded.
    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        self.page
            .goto(url)
            .await
            .with_context(|| format!("cannot open {url}"))?;
        Ok(())
    }

    /// Goes to a page of the portal and waits until it is alive (hydrated).
    pub async fn go_live(&self, url: &str) -> anyhow::Result<()> {
        self.go(url).await?;
        self.wait_for("[data-hydrated]").await
    }

    pub async fn wait_for(&self, selector: &str) -> anyhow::Result<()> {
        until(format!("“{selector}” on the page"), async || {
            Ok(self.count(selector).await?.gt(&0).then_some(()))
        })
        .await
        .with_context(|| format!("problems of the page: {:?}", self.problems()))
    }

    /// Waits until the text of the first element that matches satisfies `test`, and returns that text.
    pub async fn wait_for_text(
        &self,
        selector: &str,
        test: impl Fn(&str) -> bool,
    ) -> anyhow::Result<String> {
        until(format!("the text of “{selector}”"), async || {
            Ok(Some(self.text(selector).await?).filter(|text| test(text)))
        })
        .await
    }

    pub async fn count(&self, selector: &str) -> anyhow::Result<usize> {
        self.evaluate(&format!(
            "document.querySelectorAll({}).length",
            serde_json::to_string(selector)?
        ))
        .await
    }

    /// The text of the first element that matches, as it is shown.
    pub async fn text(&self, selector: &str) -> anyhow::Result<String> {
        let element = self.page.find_element(selector).await?;
        Ok(element.inner_text().await?.unwrap_or_default())
    }

    pub async fn attribute(&self, selector: &str, name: &str) -> anyhow::Result<Option<String>> {
        let element = self.page.find_element(selector).await?;
        Ok(element.attribute(name).await?)
    }

    /// A real click of the mouse on the middle of the element, which may be on a page that is only just coming.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        let middle = until(format!("“{selector}” to click"), async || {
            let element = self.page.find_element(selector).await?;
            Ok(Some(
                element.scroll_into_view().await?.clickable_point().await?,
            ))
        })
        .await?;
        self.page
            .click(middle)
            .await
            .with_context(|| format!("cannot click “{selector}”"))?;
        Ok(())
    }

    /// Moves the mouse over the element.
    pub async fn point_at(&self, selector: &str) -> anyhow::Result<()> {
        self.page.find_element(selector).await?.hover().await?;
        Ok(())
    }

    /// Chooses a file, as the dialog of a file field does.
    pub async fn choose_file(&self, selector: &str, file: &Path) -> anyhow::Result<()> {
        let element = self.page.find_element(selector).await?;
        let chosen = SetFileInputFilesParams::builder()
            .file(file.display().to_string())
            .backend_node_id(element.backend_node_id)
            .build()
            .map_err(anyhow::Error::msg)?;
        self.page.execute(chosen).await?;
        Ok(())
    }

    /// Replaces what a field holds by typing `text`.
    pub async fn fill(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        let element = self.page.find_element(selector).await?;
        element
            .call_js_fn("function() { this.focus(); this.select(); }", false)
            .await?;
        element.press_key("Backspace").await?;
        element.type_str(text).await?;
        Ok(())
    }

    /// Presses a key where the focus is, such as `Tab` or `Enter`.
    pub async fn press(&self, key: &str) -> anyhow::Result<()> {
        self.page
            .find_element("body")
            .await?
            .press_key(key)
            .await
            .with_context(|| format!("cannot press {key}"))?;
        Ok(())
    }

    pub async fn evaluate<T: DeserializeOwned>(&self, script: &str) -> anyhow::Result<T> {
        let answer = until("a document to ask", async || {
            match self.page.evaluate(script).await {
                // It has just been replaced by another one, and nothing was run.
                Err(CdpError::Chrome(error)) if error.message.contains(NO_CONTEXT) => Ok(None),
                answer => Ok(Some(answer)),
            }
        });
        Ok(answer.await??.into_value()?)
    }

    pub async fn url(&self) -> anyhow::Result<String> {
        Ok(self.page.url().await?.unwrap_or_default())
    }

    pub async fn reload(&self) -> anyhow::Result<()> {
        self.page.reload().await?;
        Ok(())
    }

    /// What went wrong behind the page so far.
    pub fn problems(&self) -> Vec<String> {
        self.problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sets the viewport in CSS pixels.
    pub async fn resize(&self, width: i64, height: i64) -> anyhow::Result<()> {
        let metrics = SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600);
        self.page.execute(metrics).await?;
        Ok(())
    }

    /// What the person chose for all pages, such as `("prefers-color-scheme", "dark")`.
    pub async fn prefer(&self, choices: &[(&str, &str)]) -> anyhow::Result<()> {
        let choices = choices.iter();
        let features = choices.map(|(name, value)| MediaFeature::new(*name, *value));
        self.page.emulate_media_features(features.collect()).await?;
        Ok(())
    }

    /// Lets nothing load whose address matches, port included (`*://*:*/*.js`), for all pages that this tab opens from now on.
    /// Scripts cannot be switched off altogether, since driving the tab takes scripts of its own; but they can be kept from
    /// loading.
    pub async fn block(&self, patterns: &[&str]) -> anyhow::Result<()> {
        let patterns = patterns.iter();
        let patterns = patterns.map(|pattern| BlockPattern::new(*pattern, true));
        let blocked = SetBlockedUrLsParams::builder()
            .url_patterns(patterns)
            .build();
        self.page.execute(EnableParams::default()).await?;
        self.page.execute(blocked).await?;
        Ok(())
    }

    /// Makes the processor seem so many times slower to the page.
    pub async fn slow_cpu(&self, times: f64) -> anyhow::Result<()> {
        let slow = SetCpuThrottlingRateParams::new(times);
        self.page.execute(slow).await?;
        Ok(())
    }

    pub async fn collect_garbage(&self) -> anyhow::Result<()> {
        self.page.execute(CollectGarbageParams::default()).await?;
        Ok(())
    }

    /// Has what the page gives for saving lie in `folder`.
    pub async fn save_downloads_in(&self, folder: &Path) -> anyhow::Result<()> {
        let saved = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Allow)
            .download_path(folder.display().to_string())
            .build()
            .map_err(anyhow::Error::msg)?;
        self.page.execute(saved).await?;
        Ok(())
    }

    /// Goes back (-1) or forward (1) among the pages that the tab has shown.
    pub async fn go_through_history(&self, steps: i32) -> anyhow::Result<()> {
        // Later: a page that is on its way out may not get to answer.
        let _: bool = self
            .evaluate(&format!("(setTimeout(() => history.go({steps})), true)"))
            .await?;
        Ok(())
    }

    pub async fn screenshot(&self, path: &Path) -> anyhow::Result<()> {
        let whole_page = ScreenshotParams::builder().full_page(true).build();
        self.page.save_screenshot(whole_page, path).await?;
        Ok(())
    }

    async fn watch_for_problems(&self) -> anyhow::Result<()> {
        let mut exceptions = self.page.event_listener::<EventExceptionThrown>().await?;
        let mut console = self.page.event_listener::<EventConsoleApiCalled>().await?;
        let mut log = self.page.event_listener::<EventEntryAdded>().await?;
        let mut dialogs = self
            .page
            .event_listener::<EventJavascriptDialogOpening>()
            .await?;
        let (page, problems) = (self.page.clone(), Arc::clone(&self.problems));
        let note = move |problem: String| {
            problems
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(problem);
        };
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(event) = exceptions.next() => note(format!("exception: {:?}", event.exception_details)),
                    Some(event) = console.next() => {
                        if matches!(event.r#type, ConsoleApiCalledType::Error | ConsoleApiCalledType::Warning) {
                            note(format!("console: {:?}", event.args));
                        }
                    }
                    Some(event) = log.next() => note(format!("log: {} ({:?})", event.entry.text, event.entry.url)),
                    Some(event) = dialogs.next() => {
                        note(format!("dialog: {}", event.message));
                        // An open dialog would block the page and hide what else happens.
                        let _ = page.execute(HandleJavaScriptDialogParams::new(true)).await;
                    }
                    else => break,
                }
            }
        });
        Ok(())
    }
}
