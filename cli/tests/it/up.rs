use std::{fs, net::TcpListener};

use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Stack, free_port_offset, lines, run, up};

#[tokio::test]
async fn ends_with_a_signal_and_goes_on_where_it_was() {
    let stack = Stack::start().await;
    let receipt: Value = stack.json(&["produce", "orders", "kept"]).await;
    let id = receipt["id"].as_str().unwrap();
    stack.run(&["status", id, "--wait"]).await;
    let port_offset = stack.port_offset;
    let (status, folder) = stack.terminate().await;
    assert_eq!(status.code(), Some(0));

    let stack = Stack::start_in(folder, port_offset).await;
    stack.run(&["status", id]).await;
    let record: Value = stack
        .json(&["tail", "orders", "--from", "earliest", "--count", "1"])
        .await;
    assert_eq!(record["value"], "kept");
    stack.run(&["produce", "orders", "next", "--wait"]).await;
    let summary: Value = stack.json(&["status"]).await;
    assert_eq!(summary["n_consumed"], 2);
}

#[tokio::test]
async fn ends_in_time_while_it_is_watched() {
    let stack = Stack::start().await;
    stack.run(&["produce", "orders", "hello", "--wait"]).await;
    let mut tail = stack
        .command(&["tail", "--from", "earliest"])
        .spawn()
        .unwrap();
    let first = lines(&mut tail).next_line().await.unwrap();
    assert!(first.unwrap().ends_with("hello"));
    let (status, _) = stack.terminate().await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_watcher_goes_on_after_a_restart() {
    let stack = Stack::start().await;
    stack.run(&["produce", "orders", "before"]).await;
    let tail = ["tail", "--from", "earliest", "--format", "value"];
    let mut tail = stack.command(&tail).spawn().unwrap();
    let mut shown = lines(&mut tail);
    assert_eq!(shown.next_line().await.unwrap().unwrap(), "before");

    let port_offset = stack.port_offset;
    let (_, folder) = stack.terminate().await;
    let stack = Stack::start_in(folder, port_offset).await;
    stack.run(&["produce", "orders", "after"]).await;
    let next = timeout(PATIENCE, shown.next_line()).await;
    assert_eq!(next.unwrap().unwrap().unwrap(), "after");
}

#[tokio::test]
async fn a_part_that_fails_ends_all_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // Where the consumer wants a folder of its own.
    fs::write(folder.path().join("consumer"), "in the way").unwrap();
    let ran = run(up(folder.path(), free_port_offset())).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("consumer"), "{ran:?}");

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("consumer")).unwrap();
    let store = folder.path().join("consumer/status.sqlite");
    fs::write(
        store,
        "this is no database, and long enough to be looked at",
    )
    .unwrap();
    let ran = run(up(folder.path(), free_port_offset())).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("the consumer failed"), "{ran:?}");
}

#[tokio::test]
async fn a_folder_has_one_owner() {
    let stack = Stack::start().await;
    let second = run(up(stack.folder.path(), free_port_offset())).await;
    assert_eq!(second.code, 1, "{second:?}");
    assert!(
        second.stderr.contains("in use by another `kafkloud up`"),
        "{second:?}"
    );
    // The first is not disturbed.
    stack.run(&["produce", "orders", "hello", "--wait"]).await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let port_offset = free_port_offset();
    let taken = TcpListener::bind(("127.0.0.1", 8072 + port_offset)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ran = run(up(folder.path(), port_offset)).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let port = taken.local_addr().unwrap().port().to_string();
    for words in [&port, "consumer", "--port-offset"] {
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
}
