//! The folder that holds everything `kafkloud up` keeps, owned by one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// Locked as long as it lives; the kernel unlocks it when the process ends in any way.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    pub(crate) fn lock(path: &Path) -> anyhow::Result<Self> {
        let cannot = |what: &str| {
            format!(
                "cannot {what} the data folder {}: check its permissions, or give another --data-dir",
                path.display()
            )
        };
        fs::create_dir_all(path).with_context(|| cannot("create"))?;
        let mut lock = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path.join("lock"))
            .with_context(|| cannot("write to"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // The owner's process id, for the message only.
                let mut owner = String::new();
                let _ = lock.read_to_string(&mut owner);
                anyhow::bail!(
                    "the data folder {} is in use by another `kafkloud up` (process {}): stop that one, or give \
                     another --data-dir (and --port-offset) to run beside it",
                    path.display(),
                    owner.trim()
                );
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(|| cannot("lock")),
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .with_context(|| cannot("write to"))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The folder of one part, made when missing.
    pub(crate) fn part(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::lock(folder.path()).unwrap();
        let refusal = DataDir::lock(folder.path()).unwrap_err().to_string();
        assert!(
            refusal.contains(&std::process::id().to_string()),
            "{refusal}"
        );
        assert!(refusal.contains("--data-dir"), "{refusal}");
        drop(first);
        DataDir::lock(folder.path()).unwrap();
    }
}
