use std::fs;

use contract::seer::IndexState;
use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Stack, free_port_offset};

/// The whole platform is killed in the middle of indexing and started again: every message is in the index, exactly once.
#[tokio::test]
async fn a_kill_while_indexing_loses_and_doubles_nothing() {
    const LINES: u64 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start_with_seer(folder, free_port_offset()).await;
    let file = stack.folder.path().join("load.ndjson");
    let text: String = (0..LINES).map(|n| format!("{{\"order\":{n}}}\n")).collect();
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    stack.run(&["produce", "load", "--file", file]).await;
    points(&stack, |index| index.points >= 500).await;

    let port_offset = stack.port_offset;
    let folder = stack.kill().await;
    let stack = Stack::start_with_seer(folder, port_offset).await;
    let before: Value = stack.json(&["status"]).await;
    assert!(
        before["stages"]["indexed"].as_u64().unwrap() < LINES,
        "killed too late to show anything: {before}"
    );
    let index = points(&stack, |index| {
        index.points >= LINES && index.lag == Some(0)
    })
    .await;
    // A message of one chunk is one point, and points with the same id are one: neither lost nor doubled.
    assert_eq!(index.points, LINES);
    let indexed = async {
        loop {
            let status: Value = stack.json(&["status"]).await;
            if status["stages"]["indexed"] == LINES {
                break;
            }
            assert!(
                status["stages"]["indexed"].as_u64().unwrap() < LINES,
                "{status}"
            );
        }
    };
    let told = timeout(PATIENCE, indexed).await;
    told.expect("every message is told to be indexed, once");
}

/// Waits until the index is as wanted.
async fn points(stack: &Stack, wanted: impl Fn(&IndexState) -> bool) -> IndexState {
    let url = stack.seer_url("/index");
    let reached = async {
        loop {
            // Not before the model is loaded.
            if let Ok(answer) = reqwest::get(&url).await
                && let Ok(index) = answer.json::<IndexState>().await
                && wanted(&index)
            {
                break index;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    // Indexing computes: on a busy machine 5,000 messages take a minute.
    timeout(4 * PATIENCE, reached)
        .await
        .expect("indexed in time")
}
