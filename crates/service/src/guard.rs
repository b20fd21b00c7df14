//! Who may ask: a service's own pages and programs, but no other website that the same browser has open.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use crate::ApiProblem;

/// Of HTTP and HTTPS: browsers leave them out.
const DEFAULT_PORTS: [u16; 2] = [80, 443];

#[derive(Clone, Debug)]
pub struct Guard {
    address: SocketAddr,
    /// In lower case: `name` or `name:port`. `None` answers to every name.
    allowed_hosts: Option<Arc<[String]>>,
    /// What to do about a name that is not answered to.
    remedy: &'static str,
}

impl Guard {
    /// For a service that people open in a browser: it answers to its address and to the names in `allowed_hosts`.
    pub fn new(address: SocketAddr, allowed_hosts: &[String], remedy: &'static str) -> Self {
        let hosts = allowed_hosts
            .iter()
            .map(|host| host.trim().to_ascii_lowercase());
        Self {
            address,
            allowed_hosts: Some(hosts.collect()),
            remedy,
        }
    }

    /// For a service that programs call. Beyond loopback they do so by whatever name their network gives it; there they show a token, which a
    /// browser, unlike a cookie, never sends by itself, so a name that leads here gains nothing. On loopback, where nobody may be asked for a
    /// token, and where no other name is needed, it answers to its own.
    pub fn of_api(address: SocketAddr) -> Self {
        Self {
            address,
            allowed_hosts: address.ip().is_loopback().then(Arc::default),
            remedy: "Ask http://127.0.0.1 with its port; a proxy in front of it has to send that as the Host.",
        }
    }

    pub fn protect(self, router: Router) -> Router {
        router.layer(middleware::from_fn(move |request, next| {
            check(self.clone(), request, next)
        }))
    }

    /// Against DNS rebinding: a hostile website can make its own name lead to this machine, but the browser then still sends that
    /// name. So only names that nobody else can own are answered, and those that the operator listed.
    fn allows_host(&self, host: &str) -> bool {
        let Some(allowed_hosts) = &self.allowed_hosts else {
            return true;
        };
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let host = host.to_ascii_lowercase();
        let name = authority.host().to_ascii_lowercase();
        if allowed_hosts
            .iter()
            .any(|allowed| *allowed == host || *allowed == name)
        {
            return true;
        }
        let own_port = self.address.port();
        let is_own_port = match authority.port_u16() {
            Some(port) => port == own_port,
            None => DEFAULT_PORTS.contains(&own_port),
        };
        is_own_port && self.is_own_name(&name)
    }

    fn is_own_name(&self, name: &str) -> bool {
        if name == "localhost" {
            return true;
        }
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        // An address needs no DNS, so it cannot be rebound; those beyond loopback are ours only when we listen there.
        let address = bare.parse::<IpAddr>();
        address.is_ok_and(|ip| ip.is_loopback() || !self.address.ip().is_loopback())
    }
}

async fn check(guard: Guard, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    if !guard.allows_host(host) {
        return ApiProblem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown-host",
            "This service does not go by that name",
            guard.remedy,
        )
        .into_response();
    }
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if changes && is_foreign(headers, host) {
        return ApiProblem::new(
            StatusCode::FORBIDDEN,
            "foreign-origin",
            "Another website may not do this",
            "The request comes from a page that is not this service's own. Open the portal and do it there.",
        )
        .into_response();
    }
    next.run(request).await
}

/// Against CSRF: whether a browser says that a page of another origin sends this. Programs that are no browsers say neither.
fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    match text(headers, header::ORIGIN.as_str()) {
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            !authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        }
        None => headers.contains_key(header::ORIGIN),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(address: &str) -> Guard {
        Guard::new(
            address.parse().unwrap(),
            &["Portal.example".to_owned(), "other.example:8443".to_owned()],
            "",
        )
    }

    #[test]
    fn answers_to_loopback_with_its_own_port_and_to_listed_names() {
        let guard = guard("127.0.0.1:3000");
        for host in [
            "localhost:3000",
            "127.0.0.1:3000",
            "[::1]:3000",
            "LOCALHOST:3000",
            "portal.example",
            "portal.example:80",
            "other.example:8443",
        ] {
            assert!(guard.allows_host(host), "{host}");
        }
        for host in [
            "",
            "localhost",
            "localhost:3001",
            "evil.example:3000",
            "localhost.evil.example:3000",
            "192.168.1.7:3000",
            "other.example",
            "a b:3000",
        ] {
            assert!(!guard.allows_host(host), "{host}");
        }
    }

    #[test]
    fn beyond_loopback_answers_to_addresses_but_not_to_names() {
        let guard = guard("0.0.0.0:3000");
        assert!(guard.allows_host("10.1.2.3:3000"));
        assert!(!guard.allows_host("evil.example:3000"));
    }

    #[test]
    fn an_api_answers_to_every_name_beyond_loopback_only() {
        let api = |address: &str| Guard::of_api(address.parse().unwrap());
        assert!(api("0.0.0.0:8072").allows_host("consumer.kafkloud.svc:8072"));
        assert!(!api("127.0.0.1:8072").allows_host("evil.example:8072"));
        assert!(api("127.0.0.1:8072").allows_host("127.0.0.1:8072"));
    }

    #[test]
    fn only_a_services_own_pages_and_programs_may_change_things() {
        let foreign = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            is_foreign(&headers, "127.0.0.1:3000")
        };
        assert!(!is_foreign(&HeaderMap::new(), "127.0.0.1:3000"));
        assert!(!foreign("sec-fetch-site", "same-origin"));
        assert!(foreign("sec-fetch-site", "same-site"));
        assert!(foreign("sec-fetch-site", "cross-site"));
        assert!(!foreign("origin", "http://127.0.0.1:3000"));
        assert!(foreign("origin", "http://127.0.0.1:3001"));
        assert!(foreign("origin", "null"));
    }
}
