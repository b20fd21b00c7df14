use std::{path::Path, sync::Arc};

use anyhow::Context;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema;

/// Connections that read at once; further queries wait.
const READERS: usize = 4;

/// A few read-only connections, used by whoever comes next.
pub(super) struct Readers {
    free: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let idle: Result<Vec<_>, _> = (0..READERS).map(|_| schema::open_reader(path)).collect();
        Ok(Self {
            free: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(idle?)),
        })
    }

    /// Waits for queries in work and closes the connections. Queries after it fail.
    pub(super) async fn close(&self) {
        // An error means that it was closed before.
        let _all = self.free.acquire_many(READERS as u32).await;
        self.free.close();
        self.idle.lock().clear();
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let permit = Arc::clone(&self.free).acquire_owned().await?;
        let idle = Arc::clone(&self.idle);
        let result = tokio::task::spawn_blocking(move || {
            let connection = idle
                .lock()
                .pop()
                .context("a connection of the status store was lost")?;
            let result = query(&connection).context("cannot read the status store");
            idle.lock().push(connection);
            drop(permit);
            result
        });
        result.await.context("reading the status store panicked")?
    }
}
