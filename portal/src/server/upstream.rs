//! The portal's way to the other services: every wait is bounded, every failure is told in words.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{
    Actor, MessageId, Problem, Readiness,
    record::RecordView,
    seer::IndexState,
    status::{MessageLife, StatusSummary},
};
use reqwest::{Client, RequestBuilder, Url};
use serde::de::DeserializeOwned;
use service::{Access, ApiProblem, ApiResult, Caller};

use super::{PortalConfig, place::Place};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// For questions that are answered from memory or an index.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// For health and counters, which are asked for every second.
const PROBE_TIMEOUT: Duration = Duration::from_millis(900);
/// For changes to topics and groups: longer than the consumer itself waits for the broker.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(15);
/// Longer than the producer itself waits for the broker, so that its own answer comes through.
pub(crate) const PRODUCE_TIMEOUT: Duration = Duration::from_secs(25);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Peer {
    Producer,
    Consumer,
    Seer,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Seer => "seer",
        }
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstream {
    client: Client,
    addresses: Arc<Addresses>,
    /// For whom the services are asked.
    actor: Option<HeaderValue>,
}

struct Addresses {
    producer: Url,
    consumer: Url,
    seer: Url,
}

impl Upstream {
    pub(crate) fn new(config: &PortalConfig, access: &Access) -> anyhow::Result<Self> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // The services are neighbours: a proxy of the environment is not on the way to them.
            .no_proxy();
        let client = config.trust.with_token(client, access.own_token())?;
        Ok(Self {
            client: client.build()?,
            addresses: Arc::new(Addresses {
                producer: config.producer_url.clone(),
                consumer: config.consumer_url.clone(),
                seer: config.seer_url.clone(),
            }),
            actor: None,
        })
    }

    /// The same way for somebody, who can do no more there than here.
    pub(crate) fn in_the_name_of(&self, caller: &Caller) -> Self {
        let actor = Actor {
            name: caller.name.to_string(),
            role: caller.role,
        };
        Self {
            // Written with what headers can carry.
            actor: HeaderValue::try_from(actor.to_string()).ok(),
            ..self.clone()
        }
    }

    /// The URL of `path` at `peer`; each segment is percent-encoded.
    pub(crate) fn url(&self, peer: Peer, path: &[&str]) -> Url {
        let mut url = match peer {
            Peer::Producer => self.addresses.producer.clone(),
            Peer::Consumer => self.addresses.consumer.clone(),
            Peer::Seer => self.addresses.seer.clone(),
        };
        // Only `data:` and the like have no path; a service's address is http.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.named(self.client.get(url))
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.named(self.client.post(url))
    }

    pub(crate) fn delete(&self, url: Url) -> RequestBuilder {
        self.named(self.client.delete(url))
    }

    fn named(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.actor {
            Some(actor) => request.header(contract::header::ACTOR, actor),
            None => request,
        }
    }

    /// Waits for the head of the answer. Its body may stream on for as long as it likes.
    pub(crate) async fn send(
        &self,
        peer: Peer,
        request: RequestBuilder,
        timeout: Duration,
    ) -> ApiResult<reqwest::Response> {
        match tokio::time::timeout(timeout, request.send()).await {
            Ok(Ok(response)) if response.status() == StatusCode::UNAUTHORIZED => {
                Err(unknown_there(peer))
            }
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(self.away(peer)),
            Ok(Err(error)) => {
                tracing::debug!(peer = peer.name(), %error, "no answer");
                Err(broken(peer))
            }
            Err(_) => Err(slow(peer, timeout)),
        }
    }

    /// Asks for what the consumer knows of one message. `wait`: how long it may wait for the message to be done.
    pub(crate) fn life_request(&self, id: MessageId, wait: Duration) -> RequestBuilder {
        let request = self.get(self.url(Peer::Consumer, &["status", &id.to_string()]));
        if wait.is_zero() {
            return request;
        }
        request.query(&[("wait", wait.as_secs())])
    }

    pub(crate) async fn life(&self, id: MessageId, wait: Duration) -> ApiResult<MessageLife> {
        let request = self.life_request(id, wait);
        let response = self
            .send(Peer::Consumer, request, ANSWER_TIMEOUT + wait)
            .await?;
        self.parse(Peer::Consumer, response).await
    }

    pub(crate) async fn summary(&self) -> ApiResult<StatusSummary> {
        let request = self.get(self.url(Peer::Consumer, &["status"]));
        let response = self.send(Peer::Consumer, request, PROBE_TIMEOUT).await?;
        self.parse(Peer::Consumer, response).await
    }

    /// The record at one place of the log.
    pub(crate) async fn record(&self, at: &Place) -> ApiResult<RecordView> {
        let (partition, offset) = (at.partition.to_string(), at.offset.to_string());
        let path = ["messages", &at.topic, &partition, &offset];
        let request = self.get(self.url(Peer::Consumer, &path));
        let response = self.send(Peer::Consumer, request, ANSWER_TIMEOUT).await?;
        self.parse(Peer::Consumer, response).await
    }

    pub(crate) async fn index(&self) -> ApiResult<IndexState> {
        let request = self.get(self.url(Peer::Seer, &["index"]));
        let response = self.send(Peer::Seer, request, PROBE_TIMEOUT).await?;
        self.parse(Peer::Seer, response).await
    }

    pub(crate) async fn readiness(&self, peer: Peer) -> ApiResult<Readiness> {
        let request = self.get(self.url(peer, &["readyz"]));
        let response = self.send(peer, request, PROBE_TIMEOUT).await?;
        // 503 has the same body: it says what is missing.
        tokio::time::timeout(PROBE_TIMEOUT, response.json())
            .await
            .map_err(|_| slow(peer, PROBE_TIMEOUT))?
            .map_err(|_| self.strange(peer))
    }

    /// The body as `T` when the answer is a success, otherwise the problem that it says.
    pub(crate) async fn parse<T: DeserializeOwned>(
        &self,
        peer: Peer,
        response: reqwest::Response,
    ) -> ApiResult<T> {
        let success = response.status().is_success();
        let body = tokio::time::timeout(ANSWER_TIMEOUT, response.bytes())
            .await
            .map_err(|_| slow(peer, ANSWER_TIMEOUT))?
            .map_err(|_| broken(peer))?;
        if success {
            return serde_json::from_slice(&body).map_err(|_| self.strange(peer));
        }
        let problem = serde_json::from_slice::<Problem>(&body).map_err(|_| self.strange(peer))?;
        Err(ApiProblem {
            problem,
            retry_after: None,
        })
    }

    /// Asks the consumer what it answers without delay.
    pub(crate) async fn ask_consumer<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> ApiResult<T> {
        let response = self.send(Peer::Consumer, request, ANSWER_TIMEOUT).await?;
        self.parse(Peer::Consumer, response).await
    }

    /// Asks the consumer to do something at the broker.
    pub(crate) async fn change_at_consumer(
        &self,
        request: RequestBuilder,
    ) -> ApiResult<reqwest::Response> {
        self.send(Peer::Consumer, request, CHANGE_TIMEOUT).await
    }

    /// The same, for what it only says that it is done.
    pub(crate) async fn tell_consumer(&self, request: RequestBuilder) -> ApiResult<()> {
        let response = self.change_at_consumer(request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        self.parse(Peer::Consumer, response).await
    }

    fn away(&self, peer: Peer) -> ApiProblem {
        let (name, address) = (peer.name(), self.url(peer, &[]));
        ApiProblem::unavailable(
            &format!("{name}-away"),
            &format!("The {name} is away"),
            format!(
                "Nothing answers at {address}. Start it with `make -C {name} run-local`, or everything with `make up`; then try again."
            ),
        )
    }

    fn strange(&self, peer: Peer) -> ApiProblem {
        let (name, address) = (peer.name(), self.url(peer, &[]));
        ApiProblem::new(
            StatusCode::BAD_GATEWAY,
            &format!("{name}-strange"),
            &format!("What answers is not the {name}"),
            format!(
                "Something else seems to listen at {address}, or another version. Check the address that the portal was given for the {name}."
            ),
        )
    }
}

/// The portal's own mistake, not that of whoever asks it.
fn unknown_there(peer: Peer) -> ApiProblem {
    let name = peer.name();
    ApiProblem::new(
        StatusCode::BAD_GATEWAY,
        &format!("{name}-asks-for-token"),
        &format!("The {name} does not let the portal in"),
        format!("Start the portal with the API_TOKEN that the {name} was started with."),
    )
}

fn slow(peer: Peer, timeout: Duration) -> ApiProblem {
    let (name, seconds) = (peer.name(), timeout.as_secs_f64().ceil());
    ApiProblem::new(
        StatusCode::GATEWAY_TIMEOUT,
        &format!("{name}-slow"),
        &format!("The {name} takes too long"),
        format!(
            "No answer within {seconds} s. It may be busy, or wait for the broker: its /readyz tells. {}",
            next_step(peer)
        ),
    )
}

pub(crate) fn broken(peer: Peer) -> ApiProblem {
    let name = peer.name();
    ApiProblem::new(
        StatusCode::BAD_GATEWAY,
        &format!("{name}-broken-off"),
        &format!("The {name} broke off"),
        format!(
            "It was there, but ended the connection before its answer. {}",
            next_step(peer)
        ),
    )
}

/// After a request that may or may not have had its effect.
fn next_step(peer: Peer) -> &'static str {
    match peer {
        Peer::Producer => {
            "The message may have been written all the same: sending it again may double it."
        }
        Peer::Consumer => "Try again in a moment.",
        Peer::Seer => "Ask again in a moment. What was taught may have been written all the same.",
    }
}

/// An answer of a service that is the portal's answer too, as it is.
pub(crate) fn relay(response: reqwest::Response) -> Response {
    let mut headers = HeaderMap::new();
    for name in [header::CONTENT_TYPE, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let status = response.status();
    (status, headers, Body::from_stream(response.bytes_stream())).into_response()
}
