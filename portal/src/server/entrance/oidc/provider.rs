//! What is asked of the provider, and what of its answers is believed.

use std::{
    io,
    time::{Duration, Instant},
};

use anyhow::Context;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::TrustArgs;
use tokio::{sync::Mutex, time::timeout};

use super::config::Given;

const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Strangers may begin to sign in as often as they like; the provider is not asked each time what it is.
const METADATA_LIFETIME: Duration = Duration::from_secs(300);

pub(super) struct Provider {
    given: Given,
    issuer: IssuerUrl,
    http: reqwest::Client,
    known: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

/// Where somebody is led, and what has to come back from there.
pub(super) struct Question {
    pub(super) url: Url,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// Who somebody is, as the provider has signed it.
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) claims: Map<String, Value>,
}

/// All claims, for groups are in one that each provider names as it likes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
struct Claims(Map<String, Value>);

impl AdditionalClaims for Claims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Claims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OidcClient = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What anybody can check and only the provider can make. A signature by the client's secret, or none at all, is not among them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

impl Provider {
    pub(super) fn new(given: Given, trust: &TrustArgs) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // The provider says where things are; a redirect could lead into our own network.
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            issuer: IssuerUrl::new(given.issuer.clone()).context("OIDC_ISSUER is no URL")?,
            http: trust.apply(http)?.build()?,
            given,
            known: Mutex::default(),
        })
    }

    pub(super) async fn question(&self) -> anyhow::Result<Question> {
        // One asks for all; whoever waits for it too long is told so.
        let known = timeout(TIMEOUT, self.known.lock()).await;
        let mut known = known.context("too many wait for it")?;
        let fresh = known
            .take()
            .filter(|(at, _)| at.elapsed() < METADATA_LIFETIME);
        let (at, metadata) = match fresh {
            Some(fresh) => fresh,
            None => (Instant::now(), self.discover().await?),
        };
        let client = self.client(metadata.clone())?;
        *known = Some((at, metadata));
        drop(known);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.given.scopes.iter().cloned().map(Scope::new);
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Question {
            url,
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        })
    }

    /// Takes the code to the provider and checks what it is worth: signature, issuer, audience, time, nonce.
    pub(super) async fn identity(
        &self,
        code: &str,
        verifier: String,
        nonce: String,
    ) -> anyhow::Result<Identity> {
        // Asked anew, for its keys may have changed.
        let client = self.client(self.discover().await?)?;
        let http = |request| exchange(self.http.clone(), request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&http)
            .await
            .map_err(|error| anyhow::anyhow!("the code was not taken: {}", reason(&error)))?;
        let token = tokens
            .id_token()
            .context("there is no identity in the answer")?;
        let trusted = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims = token.claims(&trusted, &Nonce::new(nonce))?;
        if let Some(expected) = claims.access_token_hash() {
            let actual = AccessTokenHash::from_token(
                tokens.access_token(),
                token.signing_alg()?,
                token.signing_key(&trusted)?,
            )?;
            anyhow::ensure!(actual == *expected, "the access token is another one's");
        }
        let name = claims.preferred_username().map(|name| name.as_str());
        let name = name.or_else(|| claims.email().map(|email| email.as_str()));
        Ok(Identity {
            name: name.unwrap_or_else(|| claims.subject().as_str()).to_owned(),
            claims: claims.additional_claims().0.clone(),
        })
    }

    async fn discover(&self) -> anyhow::Result<CoreProviderMetadata> {
        let http = |request| exchange(self.http.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &http).await;
        metadata.map_err(|error| anyhow::anyhow!("{}", reason(&error)))
    }

    fn client(&self, metadata: CoreProviderMetadata) -> anyhow::Result<OidcClient> {
        let secret = self.given.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.reveal().to_owned()));
        let client_id = ClientId::new(self.given.client_id.clone());
        let callback = RedirectUrl::new(self.given.callback.to_string())?;
        let client = OidcClient::from_provider_metadata(metadata, client_id, secret);
        Ok(client.set_redirect_uri(callback))
    }
}

async fn exchange(http: reqwest::Client, request: HttpRequest) -> io::Result<HttpResponse> {
    let request = reqwest::Request::try_from(request).map_err(io::Error::other)?;
    let mut response = http.execute(request).await.map_err(io::Error::other)?;
    let mut answer = axum::http::Response::builder().status(response.status());
    if let Some(headers) = answer.headers_mut() {
        headers.clone_from(response.headers());
    }
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(io::Error::other)? {
        if body.len() + part.len() > ANSWER_BYTES_MAX {
            return Err(io::Error::other("the answer is too long"));
        }
        body.extend_from_slice(&part);
    }
    answer.body(body).map_err(io::Error::other)
}

/// An error with what led to it. What was sent is not part of it.
fn reason(error: &dyn std::error::Error) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason.push_str(": ");
        reason.push_str(&error.to_string());
        cause = error.source();
    }
    reason
}
