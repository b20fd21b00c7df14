//! HTTP to the services, with errors that say what to do.

use std::time::Duration;

use contract::{Problem, Readiness};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::{
    body::BodyError,
    endpoints::Endpoints,
    exit::{Failure, Outcome},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// One of the services, and how a user brings it there.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) client: Client,
    name: &'static str,
    option: &'static str,
    base: Url,
}

/// What a service answered instead of what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// Nobody listens: nothing was sent.
    #[error("{0}")]
    Absent(String),
    /// The connection or the answer broke off: the request may have been carried out.
    #[error("{0}")]
    Broken(String),
    #[error("{}: {}", .0.title, .0.detail)]
    Problem(Problem),
    #[error("{0}")]
    Unexpected(String),
}

impl Service {
    pub(crate) fn producer(endpoints: &Endpoints) -> Result<Self, Failure> {
        Self::new("producer", "--producer-url", &endpoints.producer, endpoints)
    }

    pub(crate) fn consumer(endpoints: &Endpoints) -> Result<Self, Failure> {
        Self::new("consumer", "--consumer-url", &endpoints.consumer, endpoints)
    }

    pub(crate) fn seer(endpoints: &Endpoints) -> Result<Self, Failure> {
        Self::new("seer", "--seer-url", &endpoints.seer, endpoints)
    }

    fn new(
        name: &'static str,
        option: &'static str,
        base: &Url,
        Endpoints { token, trust, .. }: &Endpoints,
    ) -> Result<Self, Failure> {
        let mut client = Client::builder().connect_timeout(CONNECT_TIMEOUT);
        // A proxy of the environment is for the network, never for this machine.
        if matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            client = client.no_proxy();
        }
        let client = trust.with_token(client, token.as_ref());
        let client = client.map_err(|error| Failure::usage(format!("{error:#}")))?;
        Ok(Self {
            client: client.build().map_err(anyhow::Error::from)?,
            name,
            option,
            base: base.clone(),
        })
    }

    /// The URL of a route, given as its segments: each is escaped as one.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Fails only for URLs that cannot have a path; `Endpoints` lets none through.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Sends a request; an answer outside 2xx is an error.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, ServiceError> {
        let response = request
            .send()
            .await
            .map_err(|error| self.transport_error(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.unwrap_or_default();
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ServiceError::Problem(problem),
            Err(_) => ServiceError::Unexpected(format!(
                "the {} at {} answered {status}: is it a Kafkloud {}? Check {}",
                self.name, self.base, self.name, self.option
            )),
        })
    }

    /// `GET`s a route and reads its JSON.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, ServiceError> {
        self.json(self.client.get(self.url(segments)).query(query))
            .await
    }

    /// Sends a request and reads the JSON of its answer.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ServiceError> {
        let response = self.send(request).await?;
        self.read(response).await
    }

    /// What the service says about itself, whether it is ready (200) or not (503).
    pub(crate) async fn readiness(&self) -> Result<Readiness, ServiceError> {
        let asked = self.client.get(self.url(&["readyz"])).send().await;
        let response = asked.map_err(|error| self.transport_error(&error))?;
        self.read(response).await
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ServiceError> {
        let body = response
            .bytes()
            .await
            .map_err(|error| self.transport_error(&error))?;
        serde_json::from_slice(&body).map_err(|error| self.unexpected(&error))
    }

    pub(crate) fn body_error(&self, error: &BodyError) -> ServiceError {
        match error {
            BodyError::Transport(error) => self.transport_error(error),
            BodyError::Silent => self.broken("it fell silent in the middle of an answer"),
            BodyError::TooLong => self.unexpected(error),
        }
    }

    pub(crate) fn broken(&self, how: &str) -> ServiceError {
        ServiceError::Broken(format!(
            "the connection to the {} at {} broke ({how}): is it still running?",
            self.name,
            self.base.as_str().trim_end_matches('/')
        ))
    }

    pub(crate) fn unexpected(&self, why: &dyn std::error::Error) -> ServiceError {
        ServiceError::Unexpected(format!(
            "the {} at {} answered something else than expected ({why}): are both of the same version?",
            self.name, self.base
        ))
    }

    pub(crate) fn transport_error(&self, error: &reqwest::Error) -> ServiceError {
        let Self {
            name, base, option, ..
        } = self;
        let base = base.as_str().trim_end_matches('/');
        let cause = root_cause(error);
        if error.is_connect() && cause.contains("certificate") {
            ServiceError::Absent(format!(
                "the {name} at {base} has a certificate that is not trusted ({cause}): give the file of its authority with --ca-file"
            ))
        } else if error.is_connect() {
            ServiceError::Absent(format!(
                "no {name} at {base}: start it with `make up` or `kafkloud up`, or give {option}"
            ))
        } else if error.is_timeout() {
            ServiceError::Broken(format!(
                "the {name} at {base} does not answer in time: see its log, and try again"
            ))
        } else {
            self.broken(&cause)
        }
    }
}

impl ServiceError {
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == StatusCode::NOT_FOUND)
    }

    /// Whether the request may have been carried out all the same.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Unexpected(_))
    }

    /// Whether the same request may succeed a moment later.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Absent(_) | Self::Broken(_) => true,
            Self::Problem(problem) => is_temporary(problem),
            Self::Unexpected(_) => false,
        }
    }
}

/// Whether a problem is about the moment, not about the request.
pub(crate) fn is_temporary(problem: &Problem) -> bool {
    problem.status == StatusCode::TOO_MANY_REQUESTS
        || problem.status == StatusCode::SERVICE_UNAVAILABLE
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let outcome = match &error {
            ServiceError::Absent(_) | ServiceError::Broken(_) => Outcome::Unavailable,
            ServiceError::Problem(problem) if is_temporary(problem) => Outcome::Unavailable,
            ServiceError::Problem(problem) if problem.status == StatusCode::NOT_FOUND => {
                Outcome::NotYet
            }
            ServiceError::Problem(_) | ServiceError::Unexpected(_) => Outcome::Failed,
        };
        Self {
            outcome,
            cause: error.into(),
        }
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use service::TrustArgs;

    use super::*;

    fn endpoints(url: &str) -> Endpoints {
        let url = Url::parse(url).unwrap();
        Endpoints {
            producer: url.clone(),
            consumer: url.clone(),
            seer: url,
            kafka_broker: String::new(),
            token: None,
            trust: TrustArgs::default(),
        }
    }

    #[tokio::test]
    async fn says_what_to_do_when_nobody_answers() {
        let consumer = Service::consumer(&endpoints(&format!("http://{}/", free_ports::address())));
        let consumer = consumer.unwrap();
        let error = consumer.get::<Problem>(&["status"], &[]).await.unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.outcome, Outcome::Unavailable);
        let message = failure.cause.to_string();
        assert!(message.contains("`kafkloud up`") && message.contains("--consumer-url"));
    }

    #[test]
    fn segments_are_escaped() {
        let producer = Service::producer(&endpoints("http://gateway/prefix/")).unwrap();
        let url = producer.url(&["produce", "stream", "a/b c?%"]);
        assert_eq!(
            url.as_str(),
            "http://gateway/prefix/produce/stream/a%2Fb%20c%3F%25"
        );
    }
}
