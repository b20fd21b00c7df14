//! Bad input and absent services: what is said, and the exit codes.

use crate::harness::{kafkloud, run};

/// Runs a command that is to fail with this exit code and say this.
async fn refused(args: &[&str], code: i32, says: &[&str]) {
    let ran = run(kafkloud(args)).await;
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    for words in says {
        assert!(
            ran.stderr.contains(words),
            "{args:?} does not say {words:?}: {}",
            ran.stderr
        );
    }
}

#[tokio::test]
async fn usage() {
    refused(&[], 2, &["Usage"]).await;
    refused(&["produce", "a b", "x"], 2, &["' '"]).await;
    refused(&["produce", "__internal", "x"], 2, &["internal"]).await;
    refused(
        &["produce", "a", "x", "--key", "k", "--key-field", "f"],
        2,
        &["--key-field"],
    )
    .await;
    refused(&["tail", "--from", "yesterday"], 2, &["latest, earliest"]).await;
    refused(&["status", "42"], 2, &["42"]).await;
    refused(&["status", "--wait"], 2, &["ID"]).await;
    refused(&["topics", "delete", "orders"], 2, &["--yes"]).await;
    refused(&["groups", "delete", "shop"], 2, &["--yes"]).await;
    refused(&["groups", "reset", "shop"], 2, &["--to"]).await;
    let reset = ["groups", "reset", "shop", "--to", "soon"];
    refused(&reset, 2, &["earliest"]).await;
    let reset = [
        "groups",
        "reset",
        "shop",
        "--to",
        "0",
        "--partition",
        "orders",
    ];
    refused(&reset, 2, &["orders:0"]).await;
    refused(&["messages", "--from", "yesterday"], 2, &["earliest"]).await;
    refused(&["messages", "--topic", "a b"], 2, &["' '"]).await;
    refused(&["life", "42"], 2, &["42"]).await;
    refused(&["life", "--after", "5m"], 2, &["--stuck"]).await;
    refused(&["life", "--stage", "done"], 2, &["accepted"]).await;
    let id = "0198c0de-0000-7000-8000-000000000000";
    refused(&["life", id, "--stuck"], 2, &["--stuck"]).await;
    refused(
        &["status", "--consumer-url", "127.0.0.1:8072"],
        2,
        &["http://HOST:PORT"],
    )
    .await;
    refused(&["status", "--port-offset", "60000"], 2, &["--port-offset"]).await;
    refused(&["top", "--interval", "1"], 2, &["500ms"]).await;
    refused(
        &["top"],
        2,
        &["kafkloud status --json", "kafkloud topics list --json"],
    )
    .await;
}

#[tokio::test]
async fn services_that_are_away() {
    // Port 1 is reserved and never listened on.
    let away = "http://127.0.0.1:1";
    refused(
        &["produce", "a", "x", "--producer-url", away],
        3,
        &["no producer", "kafkloud up", "--producer-url"],
    )
    .await;
    refused(
        &["status", "--consumer-url", away],
        3,
        &["no consumer", "kafkloud up", "--consumer-url"],
    )
    .await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let produce = ["produce", "a", "--file", file, "--producer-url", away];
    refused(&produce, 3, &["no producer"]).await;
    for command in [
        &["tail"][..],
        &["messages"],
        &["life"],
        &["groups", "list"],
        &["groups", "delete", "shop", "--yes"],
    ] {
        let arguments = [command, &["--consumer-url", away]].concat();
        refused(&arguments, 3, &["no consumer"]).await;
    }
    refused(
        &["topics", "list", "--kafka-broker", "127.0.0.1:1"],
        3,
        &["no Kafka", "--kafka-broker"],
    )
    .await;
}

#[tokio::test]
async fn a_missing_file() {
    refused(
        &["produce", "a", "--file", "no-such-file"],
        1,
        &["no-such-file"],
    )
    .await;
}

#[tokio::test]
async fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(kafkloud(&["completions", shell])).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.stdout.contains("key-field") && ran.stdout.contains("reindex"),
            "{shell}: {}",
            ran.stdout
        );
    }
}
