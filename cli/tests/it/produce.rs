use std::{collections::HashSet, fs};

use serde_json::{Value, json};

use crate::harness::{Ran, Stack, run};

/// The values of a topic, from its beginning.
async fn records(stack: &Stack, topic: &str, count: usize) -> Vec<Value> {
    let count = count.to_string();
    let tail = [
        "tail", topic, "--from", "earliest", "--count", &count, "--json",
    ];
    stack.run(&tail).await.json_lines()
}

fn summary(ran: &Ran) -> Value {
    ran.json_lines().pop().unwrap()["summary"].take()
}

#[tokio::test]
async fn every_line_of_standard_input_is_a_message() {
    let stack = Stack::start().await;
    let ran = stack
        .run_with_input(
            &["produce", "lines", "--wait", "--json"],
            b"one\n\n  two \r\n{braces}",
        )
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let summary = summary(&ran);
    assert_eq!(
        (&summary["acked"], &summary["consumed"]),
        (&json!(3), &json!(3))
    );
    let lines: Vec<_> = ran
        .json_lines()
        .iter()
        .filter_map(|line| line["line"].as_u64())
        .collect();
    assert_eq!(lines, [1, 3, 4]);
    let values: Vec<_> = records(&stack, "lines", 3)
        .await
        .iter()
        .map(|r| r["value"].clone())
        .collect();
    assert_eq!(values, ["one", "  two ", "{braces}"]);
}

#[tokio::test]
async fn a_file_goes_with_its_keys_and_its_broken_lines_are_named() {
    let stack = Stack::start().await;
    let file = stack.folder.path().join("events.ndjson");
    let mut text: String = (0..2500)
        .map(|n| format!("{{\"n\":{n},\"customer\":{{\"id\":\"c{}\"}}}}\n", n % 7))
        .collect();
    text.push_str("{broken\n{\"n\":2501,\"customer\":null}\n");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();

    let produce = [
        "produce",
        "events",
        "--file",
        file,
        "--key-field",
        "customer.id",
    ];
    let ran = run(stack.command(&produce)).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.starts_with("2,501 acked, 1 failed"), "{ran:?}");
    assert!(ran.stderr.contains("line 2501: "), "{ran:?}");

    let records = records(&stack, "events", 2501).await;
    for record in &records[..2500] {
        let value: Value = serde_json::from_str(record["value"].as_str().unwrap()).unwrap();
        assert_eq!(value["customer"]["id"], record["key"]);
    }
    assert!(records[2500].get("key").is_none());
}

#[tokio::test]
async fn an_upload_that_is_repeated_under_its_key_counts_once() {
    let stack = Stack::start().await;
    let file = stack.folder.path().join("notes.txt");
    fs::write(&file, "note\n".repeat(1500)).unwrap();
    let file = file.to_str().unwrap();
    let produce = [
        "produce",
        "notes",
        "--file",
        file,
        "--idempotency-key",
        "upload-1",
        "--wait",
        "--json",
    ];
    let ids = |ran: &Ran| -> HashSet<String> {
        let lines = ran.json_lines();
        lines
            .iter()
            .filter_map(|line| line["id"].as_str().map(str::to_owned))
            .collect()
    };
    let first = stack.run(&produce).await;
    assert_eq!(ids(&first).len(), 1500);
    let mut from_the_middle = produce.to_vec();
    from_the_middle.extend(["--from-line", "700"]);
    let second = stack.run(&from_the_middle).await;
    assert_eq!(ids(&second).len(), 801);
    assert!(ids(&second).is_subset(&ids(&first)));
    let status: Value = stack.json(&["status"]).await;
    assert_eq!(status["n_consumed"], 1500);
}

#[tokio::test]
async fn a_single_message_under_its_key_has_one_receipt() {
    let stack = Stack::start().await;
    let produce = ["produce", "orders", "hello", "--idempotency-key", "k1"];
    let first: Value = stack.json(&produce).await;
    let second: Value = stack.json(&produce).await;
    assert_eq!(first, second);
    let quiet = stack
        .run(&[
            "produce",
            "orders",
            "hello",
            "--idempotency-key",
            "k1",
            "-q",
        ])
        .await;
    assert_eq!(quiet.stdout.trim(), first["id"]);
    let ran = run(stack.command(&["produce", "orders", "other", "--idempotency-key", "k1"])).await;
    assert_eq!(ran.code, 1, "{ran:?}");
}
