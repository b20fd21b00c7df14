//! A portal on a free port, and what browsers without JavaScript do with it.

use std::{net::SocketAddr, path::Path, time::Duration};

use clap::Parser;
use contract::Receipt;
use portal::PortalConfig;
use service::CancellationToken;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{fake_seer::FakeSeer, fake_stations::Stations};

pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct TestPortal {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<anyhow::Result<()>>,
}

impl TestPortal {
    /// Beside stations that are there.
    pub(crate) async fn start(stations: &Stations) -> Self {
        Self::start_beside(stations.address, stations.address).await
    }

    /// Beside a producer that is there and a consumer that is not.
    pub(crate) async fn start_without_consumer(stations: &Stations) -> Self {
        Self::start_beside(stations.address, nobody().await).await
    }

    /// Beside stations that are there, and a seer.
    pub(crate) async fn start_with_seer(stations: &Stations, seer: &FakeSeer) -> Self {
        let config = config(stations.address, stations.address, seer.address);
        Self::start_as(config).await
    }

    /// Beside stations of which none answers.
    pub(crate) async fn start_alone() -> Self {
        let nobody = nobody().await;
        Self::start_beside(nobody, nobody).await
    }

    /// Alone, with the scripts and styles of `site_dir`.
    pub(crate) async fn start_with_site(site_dir: &Path) -> Self {
        let nobody = nobody().await;
        let site_dir = Some(site_dir.to_owned());
        let config = PortalConfig {
            site_dir,
            ..config(nobody, nobody, nobody)
        };
        Self::start_as(config).await
    }

    /// Beside stations that are there, with more arguments.
    pub(crate) async fn start_with(stations: &Stations, arguments: &[&str]) -> Self {
        Self::start_at(stations.address, arguments).await
    }

    pub(crate) async fn start_at(services: SocketAddr, arguments: &[&str]) -> Self {
        let config = config_with(services, services, nobody().await, arguments);
        Self::start_as(config).await
    }

    async fn start_beside(producer: SocketAddr, consumer: SocketAddr) -> Self {
        Self::start_as(config(producer, consumer, nobody().await)).await
    }

    async fn start_as(config: PortalConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served = tokio::spawn(portal::serve(listener, config, stop.clone()));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DEADLINE)
            .build()
            .unwrap();
        Self {
            address,
            client,
            stop,
            served,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// Loads a page until it holds `text`.
    pub(crate) async fn page_with(&self, path: &str, text: &str) -> String {
        let loaded = tokio::time::timeout(DEADLINE, async {
            loop {
                let page = self.page(path).await;
                if page.contains(text) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        loaded
            .await
            .unwrap_or_else(|_| panic!("{path} never shows {text:?}"))
    }

    /// Sends the form as a browser without JavaScript does.
    pub(crate) async fn submit(&self, topic: &str, key: &str, message: &str) -> reqwest::Response {
        let form = [("topic", topic), ("key", key), ("message", message)];
        self.submit_to("/", &form).await
    }

    pub(crate) async fn submit_to(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let request = self.client.post(self.url(path));
        let request = request.header("origin", self.url(""));
        form(request, fields).send().await.unwrap()
    }

    pub(crate) async fn post_json(&self, body: &serde_json::Value) -> reqwest::Response {
        self.client
            .post(self.url("/api/outbox"))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn produce(&self, message: &str) -> Receipt {
        let body = serde_json::json!({ "topic": "stream", "key": "k", "message": message });
        let response = self.post_json(&body).await;
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }
}

fn config(producer: SocketAddr, consumer: SocketAddr, seer: SocketAddr) -> PortalConfig {
    config_with(producer, consumer, seer, &[])
}

fn config_with(
    producer: SocketAddr,
    consumer: SocketAddr,
    seer: SocketAddr,
    more: &[&str],
) -> PortalConfig {
    let [producer, consumer, seer] =
        [producer, consumer, seer].map(|address| format!("http://{address}"));
    let arguments = [
        "portal",
        "--producer-url",
        &producer,
        "--consumer-url",
        &consumer,
        "--seer-url",
        &seer,
    ];
    PortalConfig {
        allowed_hosts: vec!["portal.example".to_owned()],
        embedded: vec!["streamer".to_owned()],
        ..PortalConfig::parse_from(arguments.iter().chain(more))
    }
}

/// An address at which nothing listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// The request with fields as a browser's form sends them.
pub(crate) fn form(
    request: reqwest::RequestBuilder,
    fields: &[(&str, &str)],
) -> reqwest::RequestBuilder {
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form_encoded(fields))
}

fn form_encoded(form: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form").unwrap();
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap().to_owned()
}
