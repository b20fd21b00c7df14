//! `kill -9` in the middle of writing. The writer is this test binary, started again.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use seer::store::{EdgeStore, SharedStore};

use super::{alias, name, near, point, spec};

const FOLDER_VARIABLE: &str = "SEER_TEST_CRASH_FOLDER";
const BATCH: i64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut least = 0;
    for _ in 0..3 {
        least = write_until_killed(folder.path(), least + 20);
        let store: SharedStore = Arc::new(EdgeStore::open(folder.path(), alias("test")).unwrap());
        let collection = name(&store, 1);
        let count = store.count(collection.clone()).await.unwrap() as i64;
        // The last batch may have been written without the word of it having come.
        assert!(count >= least * BATCH, "{count} of {}", least * BATCH);
        assert_eq!(count % BATCH, 0);
        let found = store.search(collection, near(1, &[7])).await.unwrap();
        assert_eq!((found.dense.len(), found.sparse.len()), (10, 10));
        store.close().await;
    }
}

/// Returns how many batches were acknowledged.
fn write_until_killed(folder: &Path, at_least: i64) -> i64 {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::crash::writer", "--nocapture"])
        .env(FOLDER_VARIABLE, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = 0;
    for line in BufReader::new(writer.stdout.take().unwrap()).lines() {
        // The test framework writes lines of its own.
        if let Some(batch) = line.unwrap().strip_prefix("written ") {
            acknowledged = batch.parse().unwrap();
            if acknowledged >= at_least {
                break;
            }
        }
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(acknowledged >= at_least);
    acknowledged
}

/// Not a test of its own: it writes until it is killed, when it is told where to.
#[tokio::test(flavor = "multi_thread")]
async fn writer() {
    let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else {
        return;
    };
    let store: SharedStore = Arc::new(EdgeStore::open(Path::new(&folder), alias("test")).unwrap());
    let collection = name(&store, 1);
    if store.collections().await.unwrap().is_empty() {
        store.create(collection.clone(), spec("a")).await.unwrap();
    }
    for batch in 0.. {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        let points = numbers.map(|number| point(number, "logs", 1, &[7]));
        store
            .upsert(collection.clone(), points.collect())
            .await
            .unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "written {}", batch + 1).unwrap();
        out.flush().unwrap();
    }
}
