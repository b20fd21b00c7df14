use std::{fs, path::Path};

use contract::topic;
use serde_json::Value;

use crate::harness::{Stack, free_port_offset, kafkloud, run};

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/package-events.ndjson");
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_example_is_one_event_a_line() {
    let text = fs::read_to_string(example()).unwrap();
    assert!(text.lines().count() >= 5_000);
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(
            event["at"].is_string() && event["action"].is_string(),
            "{line}"
        );
    }
}

#[tokio::test]
async fn brings_its_own_platform_where_none_runs() {
    let port_offset = free_port_offset().to_string();
    let ran = run(kafkloud(&[
        "demo",
        "--file",
        &example(),
        "--port-offset",
        &port_offset,
    ]))
    .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("acked = consumed"), "{ran:?}");
}

#[tokio::test]
async fn uses_the_platform_that_runs_and_names_what_failed() {
    let stack = Stack::start().await;
    let file = stack.folder.path().join("events.ndjson");
    fs::write(&file, "{\"n\":1}\n{broken\n{\"n\":2}\n").unwrap();
    let demo = [
        "demo",
        "--json",
        "--topic",
        topic::DEFAULT,
        "--file",
        file.to_str().unwrap(),
    ];
    let ran = run(stack.command(&demo)).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let verdict: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(verdict["holds"], false);
    assert_eq!(
        [
            &verdict["lines"],
            &verdict["acked"],
            &verdict["failed"],
            &verdict["consumed"]
        ],
        [3, 2, 1, 2]
    );
    let listed = stack.run(&["topics", "list"]).await;
    assert!(listed.stdout.contains(topic::DEFAULT), "{listed:?}");
}
