use serde_json::Value;

use crate::harness::{Stack, run};

#[tokio::test]
async fn topics_are_made_described_and_deleted() {
    let stack = Stack::start().await;
    stack
        .run(&[
            "topics",
            "create",
            "orders",
            "--partitions",
            "3",
            "--config",
            "retention.ms=86400000",
        ])
        .await;
    let again = run(stack.command(&["topics", "create", "orders"])).await;
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.stderr.contains("exists already"), "{again:?}");

    let described: Value = stack.json(&["topics", "describe", "orders"]).await;
    assert_eq!(described["partitions"].as_array().unwrap().len(), 3);
    assert_eq!(described["configs"]["retention.ms"], "86400000");

    stack.run(&["produce", "orders", "hello"]).await;
    let listed = stack.run(&["topics", "list", "--json"]).await.json_lines();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(
        (&listed[0]["name"], &listed[0]["records"]),
        (&"orders".into(), &1.into())
    );

    stack.run(&["topics", "delete", "orders", "--yes"]).await;
    let gone = run(stack.command(&["topics", "describe", "orders"])).await;
    assert_eq!(gone.code, 4, "{gone:?}");
}
