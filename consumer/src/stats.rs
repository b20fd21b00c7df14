use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use contract::status::LifeStats;
use tokio::sync::Mutex;

use crate::store::{StatsQuery, StatusStore};

/// How old an answer may be.
const AGE_MAX: Duration = Duration::from_secs(2);

/// Numbers about lives, counted once for all who ask for the same at about the same time, and never two at once: counting
/// takes one of the few connections to the store, for a second at worst.
pub(crate) struct StatsCache {
    store: Arc<dyn StatusStore>,
    counted: Mutex<HashMap<String, (Instant, Arc<LifeStats>)>>,
}

impl StatsCache {
    pub(crate) fn new(store: Arc<dyn StatusStore>) -> Self {
        Self {
            store,
            counted: Mutex::default(),
        }
    }

    /// `asked` is the question as the caller put it: what it means may move on with the time.
    pub(crate) async fn get(
        &self,
        asked: String,
        query: StatsQuery,
    ) -> anyhow::Result<Arc<LifeStats>> {
        let mut counted = self.counted.lock().await;
        counted.retain(|_, (at, _)| at.elapsed() < AGE_MAX);
        if let Some((_, stats)) = counted.get(&asked) {
            return Ok(Arc::clone(stats));
        }
        let stats = Arc::new(self.store.stats(query).await?);
        counted.insert(asked, (Instant::now(), Arc::clone(&stats)));
        Ok(stats)
    }
}
