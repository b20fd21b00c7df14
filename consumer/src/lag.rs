use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bus::{Admin, BrokerState};
use tokio::sync::{Mutex, watch};

/// How old an answer may be.
const AGE_MAX: Duration = Duration::from_secs(1);
/// How long an answer may keep the caller waiting; the one before is given instead.
const TIMEOUT: Duration = Duration::from_millis(500);

/// What each consumer group has yet to read, asked at most once a second, however many want to know.
pub(crate) struct LagCache {
    admin: Admin,
    latest: Mutex<(Option<Instant>, BTreeMap<String, i64>)>,
}

impl LagCache {
    pub(crate) fn new(admin: Admin) -> Self {
        Self {
            admin,
            latest: Mutex::default(),
        }
    }

    /// While Kafka is away, this is what it was before.
    pub(crate) async fn get(&self, broker: &watch::Receiver<BrokerState>) -> BTreeMap<String, i64> {
        let mut latest = self.latest.lock().await;
        let fresh = latest.0.is_some_and(|asked| asked.elapsed() < AGE_MAX);
        let up = *broker.borrow() == BrokerState::Up;
        if !fresh && up {
            match tokio::time::timeout(TIMEOUT, self.admin.groups()).await {
                Ok(Ok(groups)) => {
                    latest.1 = groups
                        .into_iter()
                        .map(|group| (group.group, group.lag))
                        .collect();
                }
                Ok(Err(error)) => tracing::debug!(%error, "cannot learn the lag of groups"),
                Err(_) => tracing::debug!("learning the lag of groups takes too long"),
            }
            latest.0 = Some(Instant::now());
        }
        latest.1.clone()
    }
}
