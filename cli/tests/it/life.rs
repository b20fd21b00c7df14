use serde_json::Value;

use crate::harness::{Stack, run};

#[tokio::test]
async fn stuck_messages_are_found_and_one_shows_its_way() {
    // Without the seer nothing is indexed.
    let stack = Stack::start().await;
    let receipt: Value = stack
        .json(&["produce", "orders", "hello", "--key", "42\u{1b}[2J"])
        .await;
    let id = receipt["id"].as_str().unwrap();
    stack.run(&["status", id, "--wait", "30"]).await;

    let ran = stack.run(&["life", id]).await;
    for words in ["record     orders:0:0", "accepted", "consumed", "█"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
    let life: Value = stack.json(&["life", id]).await;
    assert_eq!(life["stage"], "consumed");

    let stuck = ["life", "--stuck", "--after", "0", "--topic", "orders"];
    let ran = stack.run(&stuck).await;
    assert!(
        ran.stdout.contains(id) && ran.stdout.contains("consumed"),
        "{ran:?}"
    );
    let mut as_json = stuck.to_vec();
    as_json.push("--json");
    assert_eq!(stack.run(&as_json).await.json_lines()[0]["id"], id);
    for none in [
        &["life", "--stuck"][..],
        &["life", "--failed"],
        &["life", "--stuck", "--after", "0", "--reached", "consumed"],
        &["life", "--until", "1h"],
        &["life", "--key", "43"],
        &["life", "0198c0de-0000-7000-8000-000000000000"],
    ] {
        let ran = run(stack.command(none)).await;
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (4, ""),
            "{none:?}: {ran:?}"
        );
    }
}
