//! Tokens for the SASL mechanism OAUTHBEARER, by OAuth's client credentials.
//!
//! librdkafka can fetch them itself, but only with libcurl: that would be a second HTTP and TLS client, and images without
//! a package manager have none. So it asks us, and we ask with the HTTP client that is there anyway. It asks each client anew
//! when most of a token's time is over, on the thread that polls the client.

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, ensure};
use rdkafka::client::OAuthToken;
use serde::Deserialize;
use service::Secret;
use url::{Url, form_urlencoded};

/// How long the endpoint may take. Kafka is not reached meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a token is good for when the endpoint does not say.
const LIFETIME_DEFAULT: Duration = Duration::from_secs(300);
/// Longest text of a refusal that is shown.
const REFUSAL_MAX: usize = 200;

/// Where tokens come from.
#[derive(Clone, Debug)]
pub(crate) struct TokenSource {
    endpoint: Url,
    client_id: String,
    client_secret: Secret,
    scope: Option<String>,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// In seconds.
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

impl TokenSource {
    pub(crate) fn new(
        endpoint: Url,
        client_id: String,
        client_secret: Secret,
        scope: Option<String>,
    ) -> anyhow::Result<Self> {
        // A secret is sent there: not to wherever it leads on.
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            endpoint,
            client_id,
            client_secret,
            scope,
            http: http.build()?,
        })
    }

    /// Blocks: it is called by librdkafka on a thread of a client, never on the runtime's.
    pub(crate) fn fetch(&self) -> Result<OAuthToken, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        // As librdkafka takes it: without a NUL.
        runtime
            .block_on(self.ask())
            .map_err(|error| format!("{error:#}").replace('\0', "").into())
    }

    async fn ask(&self) -> anyhow::Result<OAuthToken> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        // Encoded once more, as RFC 6749 (2.3.1) has it.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let (id, secret): (String, String) = (
            encoded(&self.client_id),
            encoded(self.client_secret.reveal()),
        );
        let asked = SystemTime::now();
        let response = self
            .http
            .post(self.endpoint.clone())
            .basic_auth(id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.finish())
            .send()
            .await
            .context("the token endpoint does not answer")?;
        let status = response.status();
        let body = response.bytes().await?;
        ensure!(
            status.is_success(),
            "the token endpoint refused with {status}{}",
            refusal(&body)
        );
        let granted: Granted =
            serde_json::from_slice(&body).context("the token endpoint's answer holds no token")?;
        let lifetime = granted
            .expires_in
            .map_or(LIFETIME_DEFAULT, Duration::from_secs);
        let until = (asked + lifetime).duration_since(UNIX_EPOCH)?;
        Ok(OAuthToken {
            token: granted.access_token,
            principal_name: self.client_id.clone(),
            lifetime_ms: i64::try_from(until.as_millis())?,
        })
    }
}

/// What the endpoint says of why, when it says so as OAuth has it. Other bodies may hold anything.
fn refusal(body: &[u8]) -> String {
    let Ok(refused) = serde_json::from_slice::<Refused>(body) else {
        return String::new();
    };
    let text = match refused.error_description {
        Some(description) => format!(": {} ({description})", refused.error),
        None => format!(": {}", refused.error),
    };
    text.chars()
        .filter(|c| !c.is_control())
        .take(REFUSAL_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::mpsc};

    use axum::{
        Router,
        http::{HeaderMap, StatusCode},
        routing::post,
    };

    use super::*;

    type Asked = (String, String);

    /// An endpoint that answers so, and what it was asked.
    async fn endpoint(
        status: StatusCode,
        answer: &'static str,
    ) -> (SocketAddr, mpsc::Receiver<Asked>) {
        let (asked, receiver) = mpsc::channel();
        let answer = move |headers: HeaderMap, body: String| async move {
            let authorization = headers["authorization"].to_str().unwrap().to_owned();
            asked.send((authorization, body)).unwrap();
            (status, answer)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/token", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (address, receiver)
    }

    async fn fetch(address: SocketAddr) -> Result<OAuthToken, String> {
        let endpoint = format!("http://{address}/token").parse().unwrap();
        let secret = Secret::new("a/b");
        let source = TokenSource::new(endpoint, "me".to_owned(), secret, Some("x y".to_owned()));
        let source = source.unwrap();
        let fetched =
            tokio::task::spawn_blocking(move || source.fetch().map_err(|error| error.to_string()));
        fetched.await.unwrap()
    }

    #[tokio::test]
    async fn a_token_is_asked_for_with_the_clients_credentials() {
        let granted = r#"{"access_token":"abc","expires_in":60,"token_type":"Bearer"}"#;
        let (address, asked) = endpoint(StatusCode::OK, granted).await;
        let token = fetch(address).await.unwrap();
        assert_eq!((&*token.token, &*token.principal_name), ("abc", "me"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let left = token.lifetime_ms - i64::try_from(now.as_millis()).unwrap();
        assert!((1..=60_000).contains(&left), "{left}");
        let (authorization, body) = asked.recv().unwrap();
        // me:a%2Fb
        assert_eq!(authorization, "Basic bWU6YSUyRmI=");
        assert_eq!(body, "grant_type=client_credentials&scope=x+y");
    }

    #[tokio::test]
    async fn a_refusal_says_why_and_nothing_else() {
        let refused = r#"{"error":"invalid_client","error_description":"no\u0000 such client"}"#;
        let (address, _asked) = endpoint(StatusCode::UNAUTHORIZED, refused).await;
        let error = fetch(address).await.err().unwrap();
        assert!(error.contains("invalid_client (no such client)"), "{error}");
        let (address, _asked) = endpoint(StatusCode::OK, "<html>").await;
        let error = fetch(address).await.err().unwrap();
        assert!(error.contains("holds no token"), "{error}");
    }
}
