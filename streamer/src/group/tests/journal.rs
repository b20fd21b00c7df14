//! What a crash can leave behind, and the rewriting of the file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use super::super::journal::Journal;
use super::super::offsets::{Committed, Entry};

const FILE_NAME: &str = "groups.journal";

fn commit(offset: i64) -> Entry {
    let committed = Committed {
        offset,
        leader_epoch: -1,
        metadata: "note".to_owned(),
        committed_at: 1,
        expires_at: None,
    };
    Entry::Commit {
        group: "group".to_owned(),
        offsets: vec![("topic".to_owned(), 0, committed)],
    }
}

fn append_garbage(folder: &Path, garbage: &[u8]) {
    let mut file = OpenOptions::new()
        .append(true)
        .open(folder.join(FILE_NAME))
        .unwrap();
    file.write_all(garbage).unwrap();
}

#[test]
fn entries_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, entries) = Journal::open(folder.path()).unwrap();
    assert!(entries.is_empty());
    journal.append(&commit(1)).unwrap();
    journal.append(&commit(2)).unwrap();
    drop(journal);
    let (mut journal, entries) = Journal::open(folder.path()).unwrap();
    assert_eq!(entries, [commit(1), commit(2)]);
    journal.append(&commit(3)).unwrap();
    let (_, entries) = Journal::open(folder.path()).unwrap();
    assert_eq!(entries.len(), 3);
}

#[test]
fn a_torn_end_is_cut_off_wherever_it_tore() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(folder.path()).unwrap();
    journal.append(&commit(1)).unwrap();
    let whole = std::fs::read(folder.path().join(FILE_NAME)).unwrap();
    for length in 1..whole.len() {
        append_garbage(folder.path(), &whole[..length]);
        let (_, entries) = Journal::open(folder.path()).unwrap();
        assert_eq!(entries, [commit(1)]);
        assert_eq!(std::fs::read(folder.path().join(FILE_NAME)).unwrap(), whole);
    }
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    append_garbage(folder.path(), &flipped);
    let (mut journal, entries) = Journal::open(folder.path()).unwrap();
    assert_eq!(entries, [commit(1)]);
    journal.append(&commit(2)).unwrap();
    assert_eq!(
        Journal::open(folder.path()).unwrap().1,
        [commit(1), commit(2)]
    );
}

#[test]
fn an_intact_entry_of_a_later_version_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path()).unwrap());
    let payload = br#"{"from_the_future":{}}"#;
    let mut frame = (payload.len() as u32).to_le_bytes().to_vec();
    frame.extend_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    frame.extend_from_slice(payload);
    append_garbage(folder.path(), &frame);
    let error = Journal::open(folder.path())
        .err()
        .expect("it must not be cut off");
    assert!(format!("{error:#}").contains("unknown to this version"));
}

#[test]
fn a_rewritten_journal_holds_what_is_still_true() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(folder.path()).unwrap();
    let mut last = 0;
    while !journal.is_wasteful() {
        last += 1;
        journal.append(&commit(last)).unwrap();
    }
    journal.rewrite([commit(last)].into_iter()).unwrap();
    assert!(!journal.is_wasteful());
    journal.append(&commit(last + 1)).unwrap();
    assert_eq!(
        Journal::open(folder.path()).unwrap().1,
        [commit(last), commit(last + 1)]
    );
}
