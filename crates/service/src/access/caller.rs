use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{extract::Request, http::HeaderMap};
use contract::{Actor, Role, header};

use crate::{ApiProblem, ApiResult};

/// Who sends a request, once that is known. Handlers find it among the request's extensions; without tokens nobody is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller {
    pub name: Arc<str>,
    pub role: Role,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

impl Caller {
    pub fn new(name: &str, role: Role) -> Self {
        Self {
            name: name.into(),
            role,
        }
    }

    /// Whoever shows a token is one of those who have it.
    pub fn with_token(role: Role) -> Self {
        Self::new(role.name(), role)
    }

    /// An operator may say for whom it acts, and has no more rights in that name.
    pub(super) fn acting(self, headers: &HeaderMap) -> ApiResult<Self> {
        let Some(actor) = headers.get(header::ACTOR) else {
            return Ok(self);
        };
        if self.role < Role::Operator {
            return Ok(self);
        }
        let actor = actor.to_str().ok().and_then(|text| text.parse().ok());
        let actor: Actor = actor.ok_or_else(|| {
            ApiProblem::bad_request(
                "invalid-actor",
                "The Kafkloud-Actor is not valid",
                "Write it as name;viewer or name;operator, the name percent-encoded.",
            )
        })?;
        Ok(Self::new(&actor.name, actor.role.min(self.role)))
    }
}

/// Where a request comes from.
pub fn address(request: &Request) -> IpAddr {
    let peer = request.extensions().get::<PeerAddress>();
    // Only tests ask a router without a connection.
    peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |PeerAddress(peer)| {
        peer.ip().to_canonical()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_operators_act_for_others_and_never_as_more() {
        let acting = |role, actor: &str| {
            let headers =
                HeaderMap::from_iter([(header::ACTOR.parse().unwrap(), actor.parse().unwrap())]);
            Caller::with_token(role).acting(&headers)
        };
        let ada = acting(Role::Operator, "ada;viewer").unwrap();
        assert_eq!(ada, Caller::new("ada", Role::Viewer));
        let ada = acting(Role::Operator, "ada;operator").unwrap();
        assert_eq!(ada, Caller::new("ada", Role::Operator));
        let viewer = acting(Role::Viewer, "ada;operator").unwrap();
        assert_eq!(viewer, Caller::with_token(Role::Viewer));
        assert!(acting(Role::Operator, "ada").is_err());
    }
}
