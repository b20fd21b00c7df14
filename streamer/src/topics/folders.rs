//! The folders of partitions, and what becomes of those that belong to no topic any more.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::bail;
use uuid::Uuid;

use super::TopicRecord;

/// The ending of a folder that waits for its removal.
const PUT_ASIDE: &str = "-delete";

pub(super) fn partition(data_dir: &Path, topic: &str, index: usize) -> PathBuf {
    data_dir.join(format!("{topic}-{index}"))
}

/// Puts aside whatever is where new partitions are to be: the remains of a deleted topic.
pub(super) fn put_aside(data_dir: &Path, topic: &str, range: Range<usize>) -> io::Result<()> {
    range
        .map(|index| partition(data_dir, topic, index))
        .filter(|folder| folder.exists())
        .try_for_each(|folder| rename_aside(data_dir, &folder))
}

/// Removes what was put aside.
pub(super) fn remove_put_aside(data_dir: &Path) -> io::Result<()> {
    for folder in folders(data_dir)? {
        if folder.to_string_lossy().ends_with(PUT_ASIDE) {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

/// At the start: removes folders of topics that were deleted when the broker died, or that were not
/// completely created. Refuses to start when there are partitions but no list of topics.
pub(super) fn sweep(data_dir: &Path, records: Option<&[TopicRecord]>) -> anyhow::Result<()> {
    for folder in folders(data_dir)? {
        let is_partition = folder.join(crate::log::files::PARTITION_FILE).exists();
        if !is_partition || folder.to_string_lossy().ends_with(PUT_ASIDE) {
            continue;
        }
        let Some(records) = records else {
            bail!(
                "{} holds records but topics.json is missing",
                folder.display()
            );
        };
        if !belongs(data_dir, &folder, records) {
            tracing::warn!(folder = %folder.display(), "remove the folder of a topic that does not exist");
            rename_aside(data_dir, &folder)?;
        }
    }
    remove_put_aside(data_dir)?;
    Ok(())
}

fn belongs(data_dir: &Path, folder: &Path, records: &[TopicRecord]) -> bool {
    let owner = records.iter().find(|record| {
        (0..record.partitions).any(|index| partition(data_dir, &record.name, index) == folder)
    });
    owner.is_some_and(|record| !crate::log::is_of_another_topic(folder, record.id))
}

fn rename_aside(data_dir: &Path, folder: &Path) -> io::Result<()> {
    fs::rename(
        folder,
        data_dir.join(format!("{}{PUT_ASIDE}", Uuid::now_v7())),
    )
}

fn folders(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
