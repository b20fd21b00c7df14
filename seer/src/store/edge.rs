//! The store on one machine: `qdrant-edge`, in process, on disk.
//!
//! Delivery: a batch is in the engine's log when [`VectorStore::upsert`] returns. The log is a mapped file, so what is in it
//! outlives the process, however that ends (`kill -9` in the tests), and is repeated at the next start; the offsets of
//! the records may be committed. A power cut is another matter: the kernel may not have written the last pages yet.
//! [`upkeep`] has everything written out once a second. Doing so for each batch costs 60 to 90 ms (the batch itself costs
//! 2), and Kafka's own brokers promise no more for one node. `kafkloud reindex` makes up for such a loss.
//!
//! ```text
//! data_dir/lock                        one process at a time
//! data_dir/kafkloud.alias              the name of the collection that answers
//! data_dir/collections/kafkloud-1/     spec.json: written last, deleted first; vectors/: the engine's
//! ```

use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::{
    Alias, CollectionSpec, FoundLists, Point, Query, StoreError, StoreResult, VectorStore,
};
use collection::Collection;
use upkeep::Upkeep;

mod collection;
mod upkeep;

const SPEC_FILE: &str = "spec.json";
const VECTORS_FOLDER: &str = "vectors";

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct EdgeStore {
    shared: Arc<Shared>,
    upkeep: Arc<Mutex<Option<Upkeep>>>,
}

struct Shared {
    alias: Alias,
    /// `collections` below the data folder.
    folder: PathBuf,
    alias_file: PathBuf,
    open: Mutex<HashMap<String, Arc<Collection>>>,
    /// The lock goes with the file.
    _lock: File,
}

impl EdgeStore {
    /// Opens the folder or makes it. Collections are opened when they are asked for.
    pub fn open(data_dir: &Path, alias: Alias) -> anyhow::Result<Self> {
        let folder = data_dir.join("collections");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let shared = Arc::new(Shared {
            alias_file: data_dir.join(format!("{alias}.alias")),
            alias,
            _lock: lock(&data_dir.join("lock"))?,
            open: Mutex::default(),
            folder,
        });
        shared.delete_unfinished()?;
        let upkeep = Upkeep::start(&Arc::downgrade(&shared))?;
        Ok(Self {
            shared,
            upkeep: Arc::new(Mutex::new(Some(upkeep))),
        })
    }

    /// Runs what blocks where it blocks nobody.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> StoreResult<T> + Send + 'static,
    ) -> BoxFuture<'_, StoreResult<T>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            tokio::task::spawn_blocking(move || work(&shared))
                .await
                .unwrap_or_else(|panic| Err(StoreError::Refused(panic.to_string())))
        })
    }
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another seer is using {}: end it, or give this one another DATA_DIR",
            path.parent().unwrap_or(path).display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

impl Shared {
    /// A collection that a crash left half made or half deleted has no spec.
    fn delete_unfinished(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let folder = entry?.path();
            if folder.is_dir() && !folder.join(SPEC_FILE).exists() {
                fs::remove_dir_all(&folder)
                    .with_context(|| format!("cannot delete {}", folder.display()))?;
            }
        }
        Ok(())
    }

    fn collection_folder(&self, name: &str) -> StoreResult<PathBuf> {
        // Names become paths.
        if self.alias.owns(name) {
            Ok(self.folder.join(name))
        } else {
            Err(no_collection(name))
        }
    }

    fn collection(&self, name: &str) -> StoreResult<Arc<Collection>> {
        let mut open = self.open.lock();
        if let Some(collection) = open.get(name) {
            return Ok(Arc::clone(collection));
        }
        let spec = self.spec(name)?;
        let folder = self.collection_folder(name)?.join(VECTORS_FOLDER);
        let collection = Arc::new(Collection::load(&folder, &spec)?);
        open.insert(name.to_owned(), Arc::clone(&collection));
        Ok(collection)
    }

    fn create(&self, name: String, spec: &CollectionSpec) -> StoreResult<()> {
        let mut open = self.open.lock();
        let folder = self.collection_folder(&name)?;
        let spec_file = folder.join(SPEC_FILE);
        if spec_file.exists() {
            return Err(StoreError::Refused(format!(
                "there is a collection “{name}” already"
            )));
        }
        // What a failed try left behind.
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(away)?;
        }
        fs::create_dir_all(&folder).map_err(away)?;
        let collection = Collection::create(&folder.join(VECTORS_FOLDER), spec)?;
        let json = serde_json::to_vec(spec).map_err(|error| away(error.into()))?;
        replace(&spec_file, &json).map_err(away)?;
        open.insert(name, Arc::new(collection));
        Ok(())
    }

    fn delete(&self, name: &str) -> StoreResult<()> {
        let folder = self.collection_folder(name)?;
        let mut open = self.open.lock();
        match fs::remove_file(folder.join(SPEC_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(away(error)),
            _ => {}
        }
        let collection = open.remove(name);
        drop(open);
        if let Some(collection) = collection {
            collection.rest();
        }
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(away(error)),
            _ => Ok(()),
        }
    }

    fn collections(&self) -> StoreResult<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(away)? {
            let entry = entry.map_err(away)?;
            if let Ok(name) = entry.file_name().into_string()
                && self.alias.owns(&name)
                && entry.path().join(SPEC_FILE).exists()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn spec(&self, name: &str) -> StoreResult<CollectionSpec> {
        let path = self.collection_folder(name)?.join(SPEC_FILE);
        let json = match fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(no_collection(name));
            }
            Err(error) => return Err(away(error)),
        };
        serde_json::from_slice(&json)
            .map_err(|error| StoreError::Away(format!("{}: {error}", path.display())))
    }

    fn current(&self) -> StoreResult<Option<String>> {
        match fs::read_to_string(&self.alias_file) {
            Ok(name) => Ok(Some(name.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    /// All that are open now.
    fn opened(&self) -> Vec<Arc<Collection>> {
        self.open.lock().values().cloned().collect()
    }
}

impl VectorStore for EdgeStore {
    fn name(&self) -> String {
        "embedded".to_owned()
    }

    fn alias(&self) -> &Alias {
        &self.shared.alias
    }

    fn create(&self, collection: String, spec: CollectionSpec) -> BoxFuture<'_, StoreResult<()>> {
        self.blocking(move |shared| shared.create(collection, &spec))
    }

    fn delete(&self, collection: String) -> BoxFuture<'_, StoreResult<()>> {
        self.blocking(move |shared| shared.delete(&collection))
    }

    fn collections(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        self.blocking(Shared::collections)
    }

    fn spec(&self, collection: String) -> BoxFuture<'_, StoreResult<CollectionSpec>> {
        self.blocking(move |shared| shared.spec(&collection))
    }

    fn current(&self) -> BoxFuture<'_, StoreResult<Option<String>>> {
        self.blocking(Shared::current)
    }

    fn set_current(&self, collection: String) -> BoxFuture<'_, StoreResult<()>> {
        self.blocking(move |shared| {
            shared.spec(&collection)?;
            replace(&shared.alias_file, collection.as_bytes()).map_err(away)
        })
    }

    fn upsert(&self, collection: String, points: Vec<Point>) -> BoxFuture<'_, StoreResult<()>> {
        self.blocking(move |shared| shared.collection(&collection)?.upsert(points))
    }

    fn search(&self, collection: String, query: Query) -> BoxFuture<'_, StoreResult<FoundLists>> {
        self.blocking(move |shared| shared.collection(&collection)?.search(query))
    }

    fn count(&self, collection: String) -> BoxFuture<'_, StoreResult<u64>> {
        self.blocking(move |shared| shared.collection(&collection)?.count())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let upkeep = self.upkeep.lock().take();
        Box::pin(async move {
            let closed = self.blocking(move |shared| {
                if let Some(upkeep) = upkeep {
                    upkeep.end();
                }
                let mut flushed = shared.opened().into_iter().map(|open| open.flush());
                flushed.try_for_each(|flushed| flushed)
            });
            if let Err(error) = closed.await {
                tracing::warn!(%error, "the index is not written out; the next start repeats its log");
            }
        })
    }
}

/// Replaces a file in one step, durably.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn no_collection(name: &str) -> StoreError {
    StoreError::Away(format!("there is no collection “{name}”"))
}

/// A disk that is full or not there may be back later.
fn away(error: io::Error) -> StoreError {
    StoreError::Away(error.to_string())
}
