//! What axe-core, which judges pages for accessibility, says of a page.

use std::{env, fs, io::ErrorKind, path::PathBuf};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::browser::Tab;

/// WCAG 2.2, levels A and AA.
const TAGS: [&str; 6] = [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa",
];
/// Set where its absence is a failure, as in `.ci/run`.
const REQUIRED: &str = "REQUIRE_AXE";

pub struct Axe {
    script: String,
}

#[derive(Deserialize)]
struct Violation {
    id: String,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    html: String,
    #[serde(rename = "failureSummary")]
    summary: Option<String>,
}

impl Axe {
    /// As `make/setup.sh test` installs it where there is npm; `None` where it did not, which nobody needs to use Kafkloud.
    pub fn installed() -> anyhow::Result<Option<Self>> {
        let file = folder()?.join("node_modules/axe-core/axe.min.js");
        match fs::read_to_string(&file) {
            Ok(script) => Ok(Some(Self { script })),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ensure!(
                    env::var_os(REQUIRED).is_none(),
                    "{} is missing: install npm, then run `make/setup.sh test`",
                    file.display()
                );
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// What is wrong with the page as the tab shows it, one line for each rule and element.
    pub async fn complaints(&self, tab: &Tab) -> anyhow::Result<Vec<String>> {
        let _: bool = tab.evaluate(&format!("{}; true", self.script)).await?;
        let tags = serde_json::to_string(&TAGS)?;
        let run = format!(
            "axe.run(document, {{ runOnly: {tags}, resultTypes: ['violations'] }}).then(result => result.violations)"
        );
        let violations: Vec<Violation> = tab.evaluate(&run).await?;
        let complaints = violations.into_iter().flat_map(|violation| {
            let Violation { id, help, nodes } = violation;
            let complain = move |node: Node| {
                let summary = node.summary.unwrap_or_default();
                format!("{id} ({help}): {}: {summary}", node.html)
            };
            nodes.into_iter().map(complain)
        });
        Ok(complaints.collect())
    }
}

/// Outside the build, so that a clean one does not fetch it again.
fn folder() -> anyhow::Result<PathBuf> {
    let cache = match env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(cache.join("kafkloud/axe-core"))
}
