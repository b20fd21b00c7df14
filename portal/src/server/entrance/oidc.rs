//! Sign-in by a provider of identities: OpenID Connect's code flow with PKCE, a state and a nonce.

mod config;
mod groups;
mod provider;

use std::net::IpAddr;

use aws_lc_rs::constant_time;
use axum::{
    extract::{Query, Request, State},
    http::{StatusCode, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use service::{ApiProblem, TrustArgs, access::address};

use super::{Entrance, Newcomer, cookie::Cookie, page, seal::now_s, sign_in::Asked};
use groups::Groups;
use provider::Provider;

pub(crate) use config::OidcArgs;

/// How long somebody may take at the provider.
const LIFETIME_S: u64 = 10 * 60;
const PURPOSE: &str = "oidc";
/// The provider leads back here from its own site, so the cookie has to come along from there.
const COOKIE: Cookie = Cookie {
    name: "kafkloud-oidc",
    path: "/sign-in",
    same_site: "Lax",
};

pub(super) struct Oidc {
    provider: Provider,
    groups: Groups,
}

/// What the browser brings back, so that nobody can make it end a sign-in that another one began.
#[derive(Deserialize, Serialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    to: String,
    until_s: u64,
}

/// What the provider leads back with.
#[derive(Default, Deserialize)]
struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

/// Why somebody is not let in, as it is shown.
struct Refused {
    status: StatusCode,
    why: String,
}

impl Oidc {
    /// `None` when no provider is configured.
    pub(super) fn new(
        args: &OidcArgs,
        portal_url: Option<&Url>,
        trust: &TrustArgs,
    ) -> anyhow::Result<Option<Self>> {
        let Some(given) = args.given(portal_url)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            groups: given.groups.clone(),
            provider: Provider::new(given, trust)?,
        }))
    }
}

/// `GET /sign-in/oidc`: leads to the provider.
pub(super) async fn begin(
    State(entrance): State<Entrance>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(oidc) = &entrance.oidc else {
        return Redirect::to("/sign-in").into_response();
    };
    let question = match oidc.provider.question().await {
        Ok(question) => question,
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "the provider of identities does not answer"
            );
            let why = "The provider of identities does not answer as it should. Try again in a moment; the portal's log says more.";
            return page::failed(&entrance, StatusCode::BAD_GATEWAY, why);
        }
    };
    let begun = Begun {
        state: question.state,
        nonce: question.nonce,
        verifier: question.verifier,
        to: asked.to,
        until_s: now_s().saturating_add(LIFETIME_S),
    };
    let cookie = entrance.sealer.seal(PURPOSE, &begun);
    let cookie = cookie.and_then(|sealed| COOKIE.set(&sealed, LIFETIME_S, entrance.secure));
    match cookie {
        Ok(cookie) => {
            let headers = [
                (header::SET_COOKIE, cookie),
                (
                    header::CACHE_CONTROL,
                    header::HeaderValue::from_static("no-store"),
                ),
            ];
            (headers, Redirect::to(question.url.as_str())).into_response()
        }
        Err(error) => ApiProblem::internal(&error).into_response(),
    }
}

/// `GET /sign-in/callback`: where the provider leads back to.
pub(super) async fn finish(State(entrance): State<Entrance>, request: Request) -> Response {
    let from = address(&request);
    let (parts, _) = request.into_parts();
    match newcomer(&entrance, &parts, from).await {
        Ok((newcomer, to)) => {
            let response = entrance.welcome(&newcomer, from, &to);
            match COOKIE.set("", 0, entrance.secure) {
                Ok(cookie) => {
                    (AppendHeaders([(header::SET_COOKIE, cookie)]), response).into_response()
                }
                Err(error) => ApiProblem::internal(&error).into_response(),
            }
        }
        Err(Refused { status, why }) => page::failed(&entrance, status, &why),
    }
}

async fn newcomer(
    entrance: &Entrance,
    request: &Parts,
    from: IpAddr,
) -> Result<(Newcomer, String), Refused> {
    let Some(oidc) = &entrance.oidc else {
        return Err(Refused::again("No provider of identities is configured."));
    };
    let returned = Query::<Returned>::try_from_uri(&request.uri);
    let returned = returned.map(|Query(returned)| returned).unwrap_or_default();
    let sealed = COOKIE.find(&request.headers);
    let begun: Option<Begun> = sealed.and_then(|sealed| entrance.sealer.open(PURPOSE, sealed));
    let begun = begun.filter(|begun| {
        let (mine, theirs) = (begun.state.as_bytes(), returned.state.as_bytes());
        now_s() < begun.until_s && constant_time::verify_slices_are_equal(mine, theirs).is_ok()
    });
    let Some(begun) = begun else {
        return Err(Refused::again(
            "This sign-in was not begun in this browser, or more than ten minutes ago. Begin again.",
        ));
    };
    if let Some(error) = returned.error {
        tracing::warn!(?error, "the provider of identities refused");
        return Err(Refused::again(
            "The provider of identities did not let you in. Begin again, or ask who runs it.",
        ));
    }
    let identity = oidc
        .provider
        .identity(&returned.code, begun.verifier, begun.nonce);
    let identity = identity.await.map_err(|error| {
        tracing::warn!(target: "audit", %from, error = format!("{error:#}"), "somebody's identity was not proved");
        Refused::again("The provider's answer does not prove who you are. Begin again; the portal's log says more.")
    })?;
    let Some(role) = oidc.groups.role_of(&identity.claims) else {
        tracing::warn!(target: "audit", who = ?identity.name, %from, "somebody without a group was refused");
        return Err(Refused {
            status: StatusCode::FORBIDDEN,
            why: format!(
                "You are known as {}, but are in no group that may come in. Ask who gives out groups for one of those that the portal lets in.",
                identity.name
            ),
        });
    };
    let newcomer = Newcomer {
        name: identity.name,
        role,
        by: "oidc",
    };
    Ok((newcomer, begun.to))
}

impl Refused {
    fn again(why: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            why: why.to_owned(),
        }
    }
}
