//! Where the stores of the suite are.

use std::{
    sync::{Mutex, PoisonError, Weak},
    time::Duration,
};

use scratch_postgres::ScratchPostgres;
use service::Secret;
use tempfile::TempDir;

use super::*;

/// A place for one store.
pub(super) enum Place {
    Folder(TempDir),
    Database {
        url: Secret,
        /// Runs as long as a test needs it.
        server: Arc<ScratchPostgres>,
    },
}

/// One of each kind; PostgreSQL only where it is installed.
pub(super) fn places() -> Vec<Place> {
    let mut places = vec![Place::Folder(tempfile::tempdir().unwrap())];
    places.extend(database());
    places
}

pub(super) fn database() -> Option<Place> {
    let server = server()?;
    let name = format!("test_{}", Uuid::from_u128(next_number()).simple());
    let url = Secret::new(server.database(&name).unwrap());
    Some(Place::Database { url, server })
}

/// Starting one takes a second, so that tests that run at the same time share it.
fn server() -> Option<Arc<ScratchPostgres>> {
    static RUNNING: Mutex<Weak<ScratchPostgres>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let server = Arc::new(ScratchPostgres::start().unwrap()?);
    *running = Arc::downgrade(&server);
    Some(server)
}

fn next_number() -> u128 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
        .into()
}

impl Place {
    /// Opens the store, and claims the partitions of these tests.
    pub(super) async fn open(&self) -> Arc<dyn StatusStore> {
        self.open_keeping(1_000_000).await
    }

    pub(super) async fn open_keeping(&self, retention_count: u64) -> Arc<dyn StatusStore> {
        let (store, _) = open(&self.config(retention_count)).await.unwrap();
        claim(&*store).await;
        store
    }

    pub(super) async fn replica(&self) -> (Arc<dyn StatusStore>, mpsc::Receiver<FoldedByOthers>) {
        let (store, others) = open(&self.config(1_000_000)).await.unwrap();
        (store, others.unwrap())
    }

    pub(super) fn config(&self, retention_count: u64) -> StoreConfig {
        let (data_dir, url) = match self {
            Self::Folder(folder) => (folder.path().to_owned(), None),
            Self::Database { url, .. } => ("nowhere".into(), Some(url.clone())),
        };
        StoreConfig {
            status_database_url: url,
            status_database_url_file: None,
            data_dir,
            retention_age: Duration::from_secs(3600),
            retention_count,
        }
    }

    /// Whether a store that was closed has left nothing beside its file.
    pub(super) fn is_tidy(&self) -> bool {
        match self {
            Self::Folder(folder) => !folder.path().join("status.sqlite-wal").exists(),
            Self::Database { .. } => true,
        }
    }

    /// What a statement selects in the database.
    pub(super) fn query(&self, sql: &str) -> String {
        let Self::Database { url, server } = self else {
            panic!("there is no database");
        };
        let name = url.reveal().rsplit('/').next().unwrap();
        server.query(name, sql).unwrap()
    }
}

/// The partitions of these tests.
pub(super) async fn claim(store: &dyn StatusStore) -> Positions {
    let topics = ["stream", "other", contract::topic::LIFECYCLE];
    let partitions = topics.map(|topic| (topic.to_owned(), 0));
    store.claim(partitions.to_vec()).await.unwrap()
}
