use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The body of `GET /readyz`: with status 200 when `ready`, otherwise 503.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Readiness {
    pub ready: bool,
    /// What the service needs, by name (`kafka`, `store`, …).
    pub checks: BTreeMap<String, Check>,
}

impl Readiness {
    /// What the service says it lacks, in one line for people.
    pub fn missing(&self) -> String {
        let failed = self.checks.iter().filter(|(_, check)| !check.ready);
        let reasons = failed.map(|(name, check)| match &check.reason {
            Some(reason) => format!("{name}: {reason}"),
            None => name.clone(),
        });
        reasons.collect::<Vec<_>>().join("; ")
    }
}

/// Whether one thing that a service needs is there.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    pub ready: bool,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
