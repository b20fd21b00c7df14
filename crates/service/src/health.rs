//! Whether a service is alive and whether it can do its work.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use contract::{Check, Readiness};
use tokio::sync::watch;

/// The checks of one service. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<&'static str, Check>>>,
}

/// One thing that a service needs; it starts as not ready.
#[derive(Clone, Debug)]
pub struct CheckHandle {
    health: Health,
    name: &'static str,
}

impl Health {
    /// Adds a check that is not ready yet.
    pub fn check(&self, name: &'static str) -> CheckHandle {
        let handle = CheckHandle {
            health: self.clone(),
            name,
        };
        handle.not_ready("starting");
        handle
    }

    /// The body of `/readyz`.
    pub fn readiness(&self) -> Readiness {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        Readiness {
            ready: checks.values().all(|check| check.ready),
            checks: checks
                .iter()
                .map(|(name, check)| ((*name).to_owned(), check.clone()))
                .collect(),
        }
    }

    fn set(&self, name: &'static str, check: Check) {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let before = checks.insert(name, check.clone());
        if before.is_some_and(|before| before.ready != check.ready) {
            match check.reason {
                None => tracing::info!(check = name, "ready"),
                Some(reason) => tracing::warn!(check = name, reason, "not ready"),
            }
        }
    }
}

impl CheckHandle {
    pub fn ready(&self) {
        let check = Check {
            ready: true,
            reason: None,
        };
        self.health.set(self.name, check);
    }

    /// `reason` is shown to whoever asks `/readyz`: no secrets, no internals.
    pub fn not_ready(&self, reason: impl Into<String>) {
        let check = Check {
            ready: false,
            reason: Some(reason.into()),
        };
        self.health.set(self.name, check);
    }

    /// Follows a state until nobody tells it any more. `missing` says what is missing, if anything is.
    pub async fn follow<T>(
        self,
        mut state: watch::Receiver<T>,
        missing: impl Fn(&T) -> Option<String>,
    ) {
        loop {
            let missing = missing(&state.borrow_and_update());
            match missing {
                None => self.ready(),
                Some(reason) => self.not_ready(reason),
            }
            if state.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Says that the process answers.
#[utoipa::path(get, path = "/livez", tag = "health", security(()), responses((status = 200, description = "The process answers")))]
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// The same as `/livez`, under the name that older dashboards use.
#[utoipa::path(get, path = "/_health", tag = "health", security(()), responses((status = 200, description = "The process answers")))]
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// Says whether the service can do its work, and if not, what is missing.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses(
    (status = 200, description = "The service can do its work", body = Readiness),
    (status = 503, description = "Something it needs is missing", body = Readiness),
))]
pub(crate) async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let readiness = health.readiness();
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_every_check_is() {
        let health = Health::default();
        let (kafka, store) = (health.check("kafka"), health.check("store"));
        kafka.ready();
        assert!(!health.readiness().ready);
        store.ready();
        assert!(health.readiness().ready);
        kafka.not_ready("no broker at 127.0.0.1:9092");
        let readiness = health.readiness();
        assert!(!readiness.ready);
        let reason = readiness.checks["kafka"].reason.as_deref();
        assert_eq!(reason, Some("no broker at 127.0.0.1:9092"));
    }
}
