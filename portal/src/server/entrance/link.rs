//! Addresses that sign in whoever opens them, once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{Extension, extract::State};
use contract::{Problem, SignInLink};
use serde::{Deserialize, Serialize};
use service::{ApiResult, Caller, Secret, extract::Json};

use super::{
    Entrance,
    seal::{Sealer, now_s},
};

const LIFETIME_S: u64 = 24 * 60 * 60;
const PURPOSE: &str = "link";

/// Those that were used, until their time is over.
///
/// Portals that share a key take each other's links, but each remembers its own use, while it runs: a link is good once at each.
#[derive(Default)]
pub(super) struct Links(Mutex<HashMap<String, u64>>);

#[derive(Deserialize, Serialize)]
struct Ticket {
    id: String,
    until_s: u64,
}

impl Links {
    pub(super) fn issue(&self, sealer: &Sealer) -> anyhow::Result<String> {
        let ticket = Ticket {
            id: Secret::random()?.reveal().to_owned(),
            until_s: now_s().saturating_add(LIFETIME_S),
        };
        sealer.seal(PURPOSE, &ticket)
    }

    /// Whether a link lets somebody in. It does so once.
    pub(super) fn redeem(&self, sealer: &Sealer, token: &str) -> bool {
        let Some(ticket) = sealer.open::<Ticket>(PURPOSE, token) else {
            return false;
        };
        let now_s = now_s();
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until_s| now_s < *until_s);
        now_s < ticket.until_s && used.insert(ticket.id, ticket.until_s).is_none()
    }
}

/// Makes an address that signs in whoever opens it as an operator, once and within a day.
#[utoipa::path(post, path = "/api/sign-in-link", tag = "portal", responses(
    (status = 200, body = SignInLink),
    (status = "default", description = "You may not make one", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn post(
    State(entrance): State<Entrance>,
    caller: Option<Extension<Caller>>,
) -> ApiResult<Json<SignInLink>> {
    let url = entrance.new_link()?;
    let who = caller.as_ref().map_or("anybody", |caller| &caller.name);
    tracing::info!(target: "audit", ?who, "a link to sign in was made");
    Ok(Json(SignInLink { url }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once() {
        let sealer = Sealer::new(None, b"").unwrap();
        let links = Links::default();
        let link = links.issue(&sealer).unwrap();
        assert!(links.redeem(&sealer, &link));
        assert!(!links.redeem(&sealer, &link));
        assert!(!links.redeem(&sealer, "no link"));
        let old = Ticket {
            id: "old".to_owned(),
            until_s: now_s(),
        };
        let old = sealer.seal(PURPOSE, &old).unwrap();
        assert!(!links.redeem(&sealer, &old));
        let session = sealer.seal(
            "session",
            &Ticket {
                id: String::new(),
                until_s: u64::MAX,
            },
        );
        assert!(!links.redeem(&sealer, &session.unwrap()));
    }
}
