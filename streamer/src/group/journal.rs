//! The file behind the coordinator: entries appended one after the other, each with its length and
//! CRC-32C before it. An entry is in the file, in one write, before its request is answered.
//!
//! A crash can leave half an entry at the end; it is cut off at start and that is logged. The file
//! is rewritten with what is still true when it has grown well beyond that; a crash meanwhile leaves
//! the old file in place.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tracing::{info, warn};

use super::offsets::Entry;

const FILE_NAME: &str = "groups.journal";
const NEW_FILE_NAME: &str = "groups.journal.new";
/// Length and checksum, four bytes each, little-endian.
const HEADER_BYTES: usize = 8;
/// An entry is bounded by the request that causes it; a longer one can only be garbage.
const ENTRY_BYTES_MAX: usize = 256 << 20;
/// Below this size the file is not worth a rewrite.
const REWRITE_BYTES_MIN: u64 = 4 << 20;

pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    /// The end of the last whole entry. Writes go there, so one that failed half-way is overwritten.
    length: u64,
    length_after_rewrite: u64,
}

impl Journal {
    /// Opens or creates the journal and reads what it holds.
    pub(super) fn open(folder: &Path) -> anyhow::Result<(Journal, Vec<Entry>)> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(FILE_NAME);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let (entries, length) =
            parse(&content).with_context(|| format!("cannot read {}", path.display()))?;
        let torn_bytes = content.len() - length;
        if torn_bytes > 0 {
            warn!(path = %path.display(), torn_bytes, "the journal of groups ended in half an entry, which was cut off");
            file.set_len(length as u64)
                .context("cannot cut off the torn end")?;
        }
        let journal = Journal {
            folder: folder.to_owned(),
            file,
            length: length as u64,
            length_after_rewrite: 0,
        };
        Ok((journal, entries))
    }

    pub(super) fn append(&mut self, entry: &Entry) -> anyhow::Result<()> {
        let frame = frame(entry)?;
        self.file
            .write_all_at(&frame, self.length)
            .context("cannot write to the journal of groups")?;
        self.length += frame.len() as u64;
        Ok(())
    }

    pub(super) fn is_wasteful(&self) -> bool {
        self.length > REWRITE_BYTES_MIN.max(2 * self.length_after_rewrite)
    }

    /// Replaces the file by one that holds these entries alone.
    pub(super) fn rewrite(&mut self, entries: impl Iterator<Item = Entry>) -> anyhow::Result<()> {
        // If it fails, the next attempt waits until the file has doubled.
        self.length_after_rewrite = self.length;
        let new_path = self.folder.join(NEW_FILE_NAME);
        let mut content = Vec::new();
        for entry in entries {
            content.extend_from_slice(&frame(&entry)?);
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&new_path)?;
        file.write_all(&content)?;
        file.sync_all()?;
        std::fs::rename(&new_path, self.folder.join(FILE_NAME))?;
        File::open(&self.folder)?.sync_all()?;
        info!(
            bytes_before = self.length,
            bytes = content.len(),
            "rewrote the journal of groups"
        );
        self.file = file;
        self.length = content.len() as u64;
        self.length_after_rewrite = self.length;
        Ok(())
    }

    pub(super) fn flush(&self) -> anyhow::Result<()> {
        self.file
            .sync_data()
            .context("cannot flush the journal of groups")
    }
}

fn frame(entry: &Entry) -> anyhow::Result<Vec<u8>> {
    let mut frame = vec![0; HEADER_BYTES];
    serde_json::to_writer(&mut frame, entry)?;
    let payload = &frame[HEADER_BYTES..];
    let length = u32::try_from(payload.len())?.to_le_bytes();
    let checksum = crc32c::crc32c(payload).to_le_bytes();
    frame[..4].copy_from_slice(&length);
    frame[4..HEADER_BYTES].copy_from_slice(&checksum);
    Ok(frame)
}

/// The whole entries from the beginning, and where they end.
fn parse(content: &[u8]) -> anyhow::Result<(Vec<Entry>, usize)> {
    let mut entries = Vec::new();
    let mut position = 0;
    while let Some(payload) = payload_at(content, position) {
        match serde_json::from_slice(payload) {
            Ok(entry) => entries.push(entry),
            // Intact, so it is not torn: cutting it off would lose offsets.
            Err(error) => {
                bail!("the entry at byte {position} is of a kind unknown to this version: {error}")
            }
        }
        position += HEADER_BYTES + payload.len();
    }
    Ok((entries, position))
}

fn payload_at(content: &[u8], position: usize) -> Option<&[u8]> {
    let header = content.get(position..position + HEADER_BYTES)?;
    let length = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
    let checksum = u32::from_le_bytes(header[4..].try_into().ok()?);
    if length == 0 || length > ENTRY_BYTES_MAX {
        return None;
    }
    let payload = content.get(position + HEADER_BYTES..position + HEADER_BYTES + length)?;
    (crc32c::crc32c(payload) == checksum).then_some(payload)
}
