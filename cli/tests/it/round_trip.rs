use serde_json::Value;

use crate::harness::{Stack, run};

#[tokio::test]
async fn a_message_is_sent_followed_and_seen() {
    let stack = Stack::start().await;

    let ran = stack
        .run(&[
            "produce",
            "orders",
            r#"{"order":42}"#,
            "--key",
            "a/b %",
            "--wait",
            "--json",
        ])
        .await;
    let [receipt, life] = &ran.json_lines()[..] else {
        panic!("{ran:?}")
    };
    assert_eq!(receipt["topic"], "orders");
    assert_eq!(life["key"], "a/b %");
    assert_eq!(life["stage"], "consumed");

    let id = receipt["id"].as_str().unwrap();
    let ran = stack.run(&["status", id]).await;
    for stage in ["accepted", "streamed", "consumed"] {
        assert!(ran.stdout.contains(stage), "{ran:?}");
    }
    let summary: Value = stack.json(&["status"]).await;
    assert_eq!(summary["n_consumed"], 1);

    let tail = ["tail", "orders", "--from", "earliest", "--count", "1"];
    let record: Value = stack.json(&tail).await;
    assert_eq!(record["id"], *id);
    assert_eq!(record["value"], r#"{"order":42}"#);
    let mut tail = tail.to_vec();
    tail.extend(["--format", "value"]);
    assert_eq!(stack.run(&tail).await.stdout, "{\"order\":42}\n");
}

#[tokio::test]
async fn tail_shows_what_arrives_while_it_runs() {
    let stack = Stack::start().await;
    stack.run(&["produce", "live", "before", "--wait"]).await;
    // All topics, among them one that is made later; from the past, so that the test needs not know when it has connected.
    let tail = stack.command(&["tail", "--from", "1m", "--count", "2", "--format", "value"]);
    let (ran, _) = tokio::join!(run(tail), stack.run(&["produce", "live", "after"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "before\nafter\n"));
}

#[tokio::test]
async fn tail_shows_only_what_is_wanted() {
    let stack = Stack::start().await;
    for value in [r#"{"total":50}"#, r#"{"total":150}"#, "a REFUND of 7"] {
        stack.run(&["produce", "orders", value]).await;
    }
    let tail = [
        "tail", "--from", "earliest", "--count", "1", "--format", "value",
    ];
    let tail = |more: &[&str]| stack.command(&[&tail, more].concat());
    let ran = run(tail(&["--where", ".value.total? > 100"])).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "{\"total\":150}\n"));
    let ran = run(tail(&["--text", "refund"])).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "a REFUND of 7\n"));
    // One that is none, and one that has no end.
    for (expression, reason) in [(".value =", "column"), ("[repeat(.)]", "`where`")] {
        let ran = run(tail(&["--where", expression])).await;
        assert!(ran.code == 2 && ran.stderr.contains(reason), "{ran:?}");
    }
}

#[tokio::test]
async fn an_unknown_message_is_not_there_yet() {
    let stack = Stack::start().await;
    let unknown = "00000000-0000-7000-8000-000000000000";
    let ran = run(stack.command(&["status", unknown, "--json"])).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["exit_code"], 4);
    let ran = run(stack.command(&["status", unknown, "--wait", "1"])).await;
    assert_eq!(ran.code, 4, "{ran:?}");
}
