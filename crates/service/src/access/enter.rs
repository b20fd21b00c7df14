//! The gate that every request goes through.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::Role;

use super::{Access, Caller, Rules, address, audit::Call, failures::Refusal};
use crate::{ApiProblem, ApiResult};

/// Why somebody is not let in.
struct Refused {
    problem: ApiProblem,
    /// What the caller is to show, for `WWW-Authenticate`.
    challenge: Option<&'static str>,
}

pub(crate) async fn enter(
    access: Access,
    rules: Arc<Rules>,
    mut request: Request,
    next: Next,
) -> Response {
    let from = address(&request);
    if !access.asks() {
        if request.method().is_safe() {
            return next.run(request).await;
        }
        return told(request, None, from, next).await;
    }
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map(MatchedPath::as_str);
    // Folders of files are services of their own, of which no pattern is known.
    let asked = path.unwrap_or(request.uri().path());
    let is_open = access.0.open.iter().any(|open| asked.starts_with(open));
    let rule = rules.rule(request.method(), path).filter(|_| !is_open);
    let Some(required) = rule else {
        return next.run(request).await;
    };
    let caller = match identify(&access, &request, from) {
        Ok(caller) => caller,
        Err(refused) => return refused.into_response(),
    };
    request.extensions_mut().insert(caller.clone());
    if caller.role < required {
        let (_, call) = Call::of(request, Some(&caller), from).await;
        let response = forbidden(required).into_response();
        call.tell(&response);
        return response;
    }
    if required == Role::Operator && !access.0.passes_on {
        return told(request, Some(&caller), from, next).await;
    }
    next.run(request).await
}

async fn told(request: Request, caller: Option<&Caller>, from: IpAddr, next: Next) -> Response {
    let (request, call) = Call::of(request, caller, from).await;
    let response = next.run(request).await;
    call.tell(&response);
    response
}

/// The one whom an outer layer knows already, such as by a session, or whoever shows a token.
fn identify(access: &Access, request: &Request, from: IpAddr) -> Result<Caller, Refused> {
    if let Some(caller) = request.extensions().get::<Caller>() {
        return Ok(caller.clone());
    }
    let headers = request.headers();
    let given = headers.get(header::AUTHORIZATION);
    let token = given.and_then(|value| bearer(value.as_bytes()));
    let Some(token) = token else {
        return Err(Refused::unknown(
            "This service asks who calls",
            r#"Bearer realm="kafkloud""#,
        ));
    };
    let role = access.role_shown(token, from)?;
    Ok(Caller::with_token(role).acting(headers)?)
}

impl Access {
    /// As [`Access::role_of`], for strangers: whoever guesses has to wait.
    pub fn role_of_stranger(&self, token: &str, from: IpAddr) -> ApiResult<Role> {
        let role = self.role_shown(token.as_bytes(), from);
        role.map_err(|refused| refused.problem)
    }

    fn role_shown(&self, token: &[u8], from: IpAddr) -> Result<Role, Refused> {
        let failures = &self.0.failures;
        match failures.admit(from, token, Instant::now()) {
            Ok(()) => {}
            Err(Refusal::KnownWrong) => return Err(wrong()),
            Err(Refusal::TooMany(wait)) => return Err(too_many(wait).into()),
        }
        let role = self.0.tokens.role_of(token);
        role.ok_or_else(|| {
            failures.note(from, token, Instant::now());
            tracing::warn!(target: "audit", %from, "somebody showed a wrong token");
            wrong()
        })
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

fn wrong() -> Refused {
    Refused::unknown(
        "This token lets nobody in",
        r#"Bearer realm="kafkloud", error="invalid_token""#,
    )
}

fn too_many(wait: Duration) -> ApiProblem {
    ApiProblem {
        retry_after: Some(wait),
        ..ApiProblem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-wrong-tokens",
            "Too many wrong tokens came from your address",
            format!(
                "Try again in {} s, with the right token.",
                wait.as_secs_f64().ceil()
            ),
        )
    }
}

fn forbidden(required: Role) -> Refused {
    Refused {
        problem: ApiProblem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "You may not do this",
            format!(
                "It needs the role {required}, and yours is below it: ask somebody who has API_TOKEN, or who gives out roles, to do it or to make you one."
            ),
        ),
        challenge: Some(r#"Bearer realm="kafkloud", error="insufficient_scope""#),
    }
}

impl Refused {
    fn unknown(title: &str, challenge: &'static str) -> Self {
        Self {
            problem: ApiProblem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                title,
                "Send the header `Authorization: Bearer <token>` with the service's API_TOKEN, or its VIEWER_TOKEN to look and ask. \
                 With the command line: `kafkloud --token <token>` or the variable API_TOKEN.",
            ),
            challenge: Some(challenge),
        }
    }
}

impl From<ApiProblem> for Refused {
    fn from(problem: ApiProblem) -> Self {
        Self {
            problem,
            challenge: None,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if let Some(challenge) = self.challenge {
            let challenge = HeaderValue::from_static(challenge);
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_shows_its_token() {
        assert_eq!(bearer(b"Bearer abc"), Some(b"abc".as_slice()));
        assert_eq!(bearer(b"bearer  abc "), Some(b"abc".as_slice()));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(bearer(other.as_bytes()), None, "{other}");
        }
    }
}
