//! What a browser loads for the first page, compressed by gzip.

use bench::platform::Platform;
use e2e::browser::Browser;
use reqwest::{Client, header};

use crate::{Row, Wanted};

const KILOBYTES_MAX: f64 = 300.0;

pub(crate) async fn measure(platform: &Platform) -> anyhow::Result<Vec<Row>> {
    let browser = Browser::launch().await?;
    let tab = browser.tab().await?;
    tab.go_live(&format!("{}/", platform.portal_url)).await?;
    let mut loaded: Vec<String> = tab
        .evaluate(
            "performance.getEntriesByType('resource').filter(entry => !entry.name.includes('/api/')).map(entry => entry.name)",
        )
        .await?;
    browser.close().await?;
    loaded.push(format!("{}/", platform.portal_url));
    loaded.sort();
    loaded.dedup();
    let client = Client::new();
    let mut bytes = 0;
    for url in &loaded {
        let request = client.get(url).header(header::ACCEPT_ENCODING, "gzip");
        bytes += request
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?
            .len();
    }
    Ok(vec![
        Row {
            what: "the first page, gzipped, in all",
            measured: bytes as f64 / 1e3,
            wanted: Wanted::AtMost(KILOBYTES_MAX),
            unit: "KB",
        },
        Row {
            what: "requests for it",
            measured: loaded.len() as f64,
            wanted: Wanted::Nothing,
            unit: "",
        },
    ])
}
