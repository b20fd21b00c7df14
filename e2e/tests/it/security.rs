//! Every endpoint of every service, as each one's own document lists them, for everybody who may come.

use anyhow::{Context, ensure};
use e2e::wait;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::{
    guard::{OPERATOR, VIEWER},
    stack::Stack,
};

const WRONG: &str = "a-token-that-is-wrong";

/// What is there for everybody.
const OPEN: [&str; 3] = ["/_health", "/livez", "/readyz"];
/// What viewers may do besides looking.
const ASKING: [(&str, &str); 1] = [("seer", "/ask")];

struct Endpoint {
    service: &'static str,
    url: String,
    method: Method,
    path: String,
    /// What the document says: nothing, `viewer` or `operator`.
    documented: Option<String>,
}

impl Endpoint {
    fn is_open(&self) -> bool {
        OPEN.contains(&self.path.as_str())
    }

    fn is_for_viewers(&self) -> bool {
        self.method == Method::GET || ASKING.contains(&(self.service, &self.path))
    }

    fn request(&self, client: &Client, token: Option<&str>) -> RequestBuilder {
        let request = client
            .request(self.method.clone(), &self.url)
            .timeout(wait::DEADLINE);
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The status of the answer; its body, which may be without end, is left.
    async fn status(&self, client: &Client, token: Option<&str>) -> anyhow::Result<u16> {
        let answer = self.request(client, token).send().await;
        let answer = answer.with_context(|| format!("{} {}", self.method, self.url))?;
        Ok(answer.status().as_u16())
    }
}

async fn endpoints(stack: &Stack) -> anyhow::Result<Vec<Endpoint>> {
    let addresses = stack.platform.addresses();
    let mut endpoints = Vec::new();
    for (service, base) in [
        ("portal", addresses.portal_url()),
        ("producer", addresses.producer_url()),
        ("consumer", addresses.consumer_url()),
        ("seer", addresses.seer_url()),
    ] {
        let document = stack.client.get(format!("{base}/openapi.json"));
        let document = document.bearer_auth(VIEWER).send().await?;
        let document: Value = document.error_for_status()?.json().await?;
        let paths = document["paths"].as_object().context("paths")?;
        for (path, item) in paths {
            for (method, operation) in item.as_object().context("operations")? {
                let documented = &operation["security"][0]["token"][0];
                endpoints.push(Endpoint {
                    service,
                    url: format!("{base}{}", filled_in(path)),
                    method: method.to_uppercase().parse()?,
                    path: path.clone(),
                    documented: documented.as_str().map(str::to_owned),
                });
            }
        }
    }
    Ok(endpoints)
}

/// The path with something for each of its parameters.
fn filled_in(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some("partition}" | "offset}") => "0",
            Some(_) => "nothing",
            None => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_asks_who_calls() -> anyhow::Result<()> {
    let stack = Stack::start_guarded(true).await?;
    let client = stack.stranger()?;
    let endpoints = endpoints(&stack).await?;
    ensure!(
        endpoints.len() > 50,
        "there are more than {}",
        endpoints.len()
    );
    for endpoint in &endpoints {
        let told = format!("{} {} {}", endpoint.service, endpoint.method, endpoint.path);
        let status = async |token| endpoint.status(&client, token).await;
        let nobody = status(None).await?;
        let wrong = status(Some(WRONG)).await?;
        let viewer = status(Some(VIEWER)).await?;
        let operator = status(Some(OPERATOR)).await?;
        let documented = endpoint.documented.as_deref();
        if endpoint.is_open() {
            ensure!(nobody != 401 && wrong != 401, "{told}: {nobody}, {wrong}");
            ensure!(documented.is_none(), "{told}: {documented:?}");
            continue;
        }
        ensure!(nobody == 401, "{told} by nobody: {nobody}");
        // The same wrong token over and over is told to wait.
        ensure!(
            matches!(wrong, 401 | 429),
            "{told} by a wrong token: {wrong}"
        );
        if endpoint.is_for_viewers() {
            ensure!(!matches!(viewer, 401 | 403), "{told} by a viewer: {viewer}");
            ensure!(documented == Some("viewer"), "{told}: {documented:?}");
        } else {
            ensure!(viewer == 403, "{told} by a viewer: {viewer}");
            ensure!(documented == Some("operator"), "{told}: {documented:?}");
        }
        ensure!(
            !matches!(operator, 401 | 403 | 429),
            "{told} by an operator: {operator}"
        );
    }
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_website_gets_nothing_done() -> anyhow::Result<()> {
    let stack = Stack::start_guarded(true).await?;
    for endpoint in endpoints(&stack).await? {
        let told = format!("{} {} {}", endpoint.service, endpoint.method, endpoint.path);
        let request = endpoint.request(&stack.client, Some(OPERATOR));
        // A name of its own that it makes lead to this machine.
        let rebound = request.header("host", "evil.example").send().await?;
        ensure!(rebound.status() == 421, "{told}: {}", rebound.status());
        if endpoint.method == Method::GET {
            continue;
        }
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let request = endpoint.request(&stack.client, Some(OPERATOR));
            let sent = request.header(name, value).send().await?;
            ensure!(sent.status() == 403, "{told}, {name}: {}", sent.status());
        }
    }
    stack.stop().await
}
