//! Ids for idempotent producers, never given twice, restarts included.

use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::log::files;

/// Ids reserved by one write of the file; a restart skips what is left of them.
const BLOCK: i64 = 1000;

pub(crate) struct ProducerIds {
    path: PathBuf,
    next: Mutex<Next>,
}

struct Next {
    id: i64,
    reserved_to: i64,
}

#[derive(Default, Serialize, Deserialize)]
struct ProducerIdsFile {
    reserved_to: i64,
}

impl ProducerIds {
    pub(crate) fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join("producer-ids.json");
        let file: ProducerIdsFile = files::read_json(&path)?.unwrap_or_default();
        let next = Next {
            id: file.reserved_to,
            reserved_to: file.reserved_to,
        };
        Ok(ProducerIds {
            path,
            next: Mutex::new(next),
        })
    }

    pub(crate) fn next(&self) -> io::Result<i64> {
        let mut next = self.next.lock();
        if next.id == next.reserved_to {
            let reserved_to = next.reserved_to + BLOCK;
            files::replace_json(&self.path, &ProducerIdsFile { reserved_to })?;
            next.reserved_to = reserved_to;
        }
        next.id += 1;
        Ok(next.id - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_given_twice_over_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = ProducerIds::open(dir.path()).expect("opens");
        let mut seen: Vec<i64> = (0..BLOCK + 5)
            .map(|_| first.next().expect("an id"))
            .collect();
        let again = ProducerIds::open(dir.path()).expect("opens");
        seen.push(again.next().expect("an id"));
        assert!(seen.is_sorted_by(|a, b| a < b));
    }
}
