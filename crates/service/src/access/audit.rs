//! One line in the log for every changing call: who, what, which topic, and what came of it.

use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request},
    http::{StatusCode, request::Parts},
    response::Response,
};

use super::Caller;
use crate::problem::ProblemKind;

/// What a handler says about the change that it was asked for. It is told once the answer is there, whatever that is.
///
/// A handler need not say anything: with tokens every changing call is told, with its route and the first name in its path. What is said is
/// told even where nobody is known.
#[derive(Clone, Debug, Default)]
pub struct Audit(Arc<OnceLock<Change>>);

#[derive(Debug)]
enum Change {
    Of {
        change: String,
        object: String,
    },
    /// What the route says, to this topic.
    To(&'static str),
    None,
}

impl Audit {
    /// Such as `delete topic` and the topic's name. The first word counts.
    pub fn change(&self, change: impl Into<String>, object: impl Into<String>) {
        let _ = self.0.set(Change::Of {
            change: change.into(),
            object: object.into(),
        });
    }

    /// The topic that is written to, where the path does not name it.
    pub fn topic(&self, topic: &'static str) {
        let _ = self.0.set(Change::To(topic));
    }

    /// Nothing is changed, although the route is one that changes things.
    pub fn none(&self) {
        let _ = self.0.set(Change::None);
    }
}

impl<S: Sync> FromRequestParts<S> for Audit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// A call that may change something.
pub(super) struct Call {
    audit: Audit,
    /// What is told when the handler says nothing: the route, and the first name in its path.
    route: Option<(String, String)>,
    caller: Option<Caller>,
    from: IpAddr,
}

impl Call {
    pub(super) async fn of(
        request: Request,
        caller: Option<&Caller>,
        from: IpAddr,
    ) -> (Request, Self) {
        let (mut parts, body) = request.into_parts();
        let audit = Audit::default();
        parts.extensions.insert(audit.clone());
        let route = match caller {
            Some(_) => Some((route(&parts), first_name(&mut parts).await)),
            None => None,
        };
        let call = Self {
            audit,
            route,
            caller: caller.cloned(),
            from,
        };
        (Request::from_parts(parts, body), call)
    }

    pub(super) fn tell(&self, response: &Response) {
        let (change, object) = match (self.audit.0.get(), &self.route) {
            (Some(Change::Of { change, object }), _) => (change, object.as_str()),
            (Some(Change::To(topic)), Some((change, _))) => (change, *topic),
            (None, Some((change, object))) => (change, object.as_str()),
            (Some(Change::None), _) | (_, None) => return,
        };
        let status = response.status();
        let who = self
            .caller
            .as_ref()
            .map_or("anybody", |caller| &caller.name);
        let role = self.caller.as_ref().map(|caller| caller.role.name());
        let from = self.from;
        if is_done(status) {
            tracing::info!(target: "audit", ?who, role, %from, change, ?object, status = status.as_u16(), "done");
        } else {
            let kind = response.extensions().get::<ProblemKind>();
            let kind = kind.map(|ProblemKind(kind)| kind.as_str());
            tracing::warn!(target: "audit", ?who, role, %from, change, ?object, status = status.as_u16(), kind, "refused");
        }
    }
}

/// A form leads on to where its change is shown.
fn is_done(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

fn route(parts: &Parts) -> String {
    let path = parts.extensions.get::<MatchedPath>();
    // The pattern, for a key in the path may be somebody's name.
    let path = path.map_or("an unknown route", MatchedPath::as_str);
    format!("{} {path}", parts.method)
}

async fn first_name(parts: &mut Parts) -> String {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.ok();
    let first = params.as_ref().and_then(|params| params.iter().next());
    first.map(|(_, value)| value.to_owned()).unwrap_or_default()
}
