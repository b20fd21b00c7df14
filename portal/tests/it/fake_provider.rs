//! A small OpenID Connect provider: discovery, keys, and tokens for codes, with PKCE. What it says about somebody is up to the test.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    digest, rand,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use axum::{
    Json, Router,
    extract::{Form, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const CLIENT_ID: &str = "portal";
pub(crate) const CLIENT_SECRET: &str = "the secret of the portal";
/// Of the modulus of an RSA key of 2048 bits in its DER form.
const MODULUS: std::ops::Range<usize> = 9..265;
const UNCOMPRESSED_POINT: usize = 1;

#[derive(Clone)]
pub(crate) struct Provider(Arc<Inside>);

struct Inside {
    issuer: String,
    ecdsa: EcdsaKeyPair,
    rsa: RsaKeyPair,
    /// What was granted, by code; each is good once.
    granted: Mutex<HashMap<String, Granted>>,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signature {
    Es256,
    Rs256,
    /// By a key that the provider does not have.
    Foreign,
    /// By the client's secret, which is no proof.
    None,
}

struct Granted {
    challenge: String,
    claims: Value,
    signature: Signature,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self(Arc::new(Inside {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            ecdsa: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            granted: Mutex::default(),
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What `question`, the address that the portal led to, asks for is granted: the code for it. `change` says something else about who
    /// came than Ada, who is an operator.
    pub(crate) fn grant(
        &self,
        question: &Url,
        signature: Signature,
        change: impl FnOnce(&mut Value),
    ) -> String {
        let asked: HashMap<_, _> = question.query_pairs().into_owned().collect();
        assert!(
            question
                .as_str()
                .starts_with(&format!("{}/authorize?", self.0.issuer))
        );
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut claims = json!({
            "iss": self.0.issuer, "aud": CLIENT_ID, "sub": "7", "preferred_username": "ada",
            "iat": now, "exp": now + 300, "nonce": asked["nonce"], "groups": ["others", "ops"],
        });
        change(&mut claims);
        let code = format!("code-{}", self.0.granted.lock().unwrap().len());
        let granted = Granted {
            challenge: asked["code_challenge"].clone(),
            claims,
            signature,
        };
        self.0.granted.lock().unwrap().insert(code.clone(), granted);
        code
    }

    fn sign(&self, claims: &Value, signature: Signature) -> String {
        let algorithm = match signature {
            Signature::Es256 | Signature::Foreign => "ES256",
            Signature::Rs256 => "RS256",
            Signature::None => "none",
        };
        let key_id = algorithm.to_lowercase();
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": algorithm, "kid": key_id, "typ": "JWT" });
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let random = rand::SystemRandom::new();
        let proof = match signature {
            Signature::Es256 => self
                .0
                .ecdsa
                .sign(&random, signed.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            Signature::Foreign => {
                let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                other
                    .sign(&random, signed.as_bytes())
                    .unwrap()
                    .as_ref()
                    .to_vec()
            }
            Signature::Rs256 => {
                let mut proof = vec![0; self.0.rsa.public_modulus_len()];
                let signed = signed.as_bytes();
                self.0
                    .rsa
                    .sign(&RSA_PKCS1_SHA256, &random, signed, &mut proof)
                    .unwrap();
                proof
            }
            Signature::None => Vec::new(),
        };
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(proof))
    }
}

async fn configuration(State(Provider(provider)): State<Provider>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "none"],
    }))
}

async fn keys(State(Provider(provider)): State<Provider>) -> Json<Value> {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let point = &provider.ecdsa.public_key().as_ref()[UNCOMPRESSED_POINT..];
    let (x, y) = point.split_at(point.len() / 2);
    let modulus = &provider.rsa.public_key().as_ref()[MODULUS];
    Json(json!({ "keys": [
        { "kty": "EC", "use": "sig", "kid": "es256", "alg": "ES256", "crv": "P-256", "x": encode(x), "y": encode(y) },
        { "kty": "RSA", "use": "sig", "kid": "rs256", "alg": "RS256", "n": encode(modulus), "e": "AQAB" },
    ]}))
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(asked): Form<HashMap<String, String>>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let secret = CLIENT_SECRET.replace(' ', "+");
    let basic = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{secret}"));
    if headers["authorization"] != format!("Basic {basic}") {
        return Err(refused("invalid_client"));
    }
    let granted = provider.0.granted.lock().unwrap().remove(&asked["code"]);
    let granted = granted.ok_or_else(|| refused("invalid_grant"))?;
    let verifier = digest::digest(&digest::SHA256, asked["code_verifier"].as_bytes());
    if BASE64_URL_SAFE_NO_PAD.encode(verifier) != granted.challenge {
        return Err(refused("invalid_grant"));
    }
    Ok(Json(json!({
        "access_token": "nothing is done with it",
        "token_type": "Bearer",
        "id_token": provider.sign(&granted.claims, granted.signature),
    })))
}
