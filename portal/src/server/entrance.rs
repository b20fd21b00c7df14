//! How people come in: they sign in, and from then on a cookie says who they are.
//!
//! Programs show a token to the portal as to any service, and nothing here is asked of them. Where no token and no provider of identities
//! is configured, nobody is asked who they are.

mod cookie;
mod enter;
mod link;
mod oidc;
mod page;
mod seal;
mod session;
mod sign_in;

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, middleware, routing};
use contract::Role;
use service::Access;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Portal, PortalConfig};
use link::Links;
use oidc::Oidc;
use seal::Sealer;

pub(super) use oidc::OidcArgs;
pub(super) use session::SessionArgs;

/// What is there for those who are not in yet. Nothing below it tells anything.
pub(super) static OPEN: [&str; 3] = ["/assets/", "/sign-in", "/sign-out"];

#[derive(Clone)]
pub(super) struct Entrance(Arc<Inside>);

pub(super) struct Inside {
    access: Access,
    sealer: Sealer,
    links: Links,
    oidc: Option<Oidc>,
    /// Browsers send cookies over TLS only.
    secure: bool,
    /// Where people open the portal, without a slash at its end.
    url: String,
    /// The address of the style sheet.
    style: Option<String>,
}

impl std::ops::Deref for Entrance {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl Entrance {
    pub(super) fn open(
        config: &PortalConfig,
        access: Access,
        address: SocketAddr,
        style: Option<String>,
    ) -> anyhow::Result<Self> {
        let scheme = config.tls.scheme();
        let url = match &config.portal_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("{scheme}://{}", reachable(address)),
        };
        Ok(Self(Arc::new(Inside {
            sealer: Sealer::new(config.session.key()?.as_ref(), &access.fingerprint())?,
            links: Links::default(),
            oidc: Oidc::new(&config.oidc, config.portal_url.as_ref(), &config.trust)?,
            secure: url.starts_with("https://") || scheme == "https",
            access,
            url,
            style,
        })))
    }

    pub(super) fn access(&self) -> Access {
        self.access.clone()
    }

    /// Says in the log how to come in. Where identities are provided people need no link, and readers of logs should find none.
    pub(super) fn print_link(&self) -> anyhow::Result<()> {
        if self.access.own_token().is_some() && self.oidc.is_none() {
            let link = self.new_link()?;
            tracing::info!("sign in, once and within a day, with {link}");
        }
        Ok(())
    }

    fn new_link(&self) -> anyhow::Result<String> {
        let token = self.links.issue(&self.sealer)?;
        Ok(format!("{}/sign-in?token={token}", self.url))
    }

    /// The pages on which people sign in and out.
    pub(super) fn pages(&self) -> Router<Portal> {
        Router::new()
            .route(
                "/sign-in",
                routing::get(sign_in::show).post(sign_in::with_token),
            )
            .route("/sign-in/oidc", routing::get(oidc::begin))
            .route("/sign-in/callback", routing::get(oidc::finish))
            .route("/sign-out", routing::post(sign_in::out))
            .with_state(self.clone())
    }

    pub(super) fn api(&self) -> OpenApiRouter {
        OpenApiRouter::new()
            .routes(routes!(link::post))
            .with_state(self.clone())
    }

    /// Lets those through who have signed in, and leads the others to where they can.
    pub(super) fn protect(&self, router: Router) -> Router {
        let entrance = self.clone();
        router.layer(middleware::from_fn(move |request, next| {
            enter::enter(entrance.clone(), request, next)
        }))
    }
}

/// Somebody who has just proved who they are.
struct Newcomer {
    name: String,
    role: Role,
    /// By what, for the log.
    by: &'static str,
}

/// Where this machine reaches a listener on `address`: an unspecified address is for listening only.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}
