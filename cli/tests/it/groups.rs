use serde_json::Value;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Stack, run};

#[tokio::test]
async fn a_group_is_shown_and_its_own_service_keeps_it() {
    let stack = Stack::start().await;
    stack
        .run(&["produce", "orders", "hello", "--wait", "30"])
        .await;
    // The list is that of a moment ago.
    let listed = async {
        loop {
            let listed = stack.run(&["groups", "list", "--json"]).await.json_lines();
            let own = listed
                .into_iter()
                .find(|group| group["group"] == "consumer");
            if let Some(own) = own.filter(|own| own["state"] == "Stable") {
                return own;
            }
        }
    };
    let own = timeout(PATIENCE, listed).await.unwrap();
    assert!(own["lag"].is_number(), "{own}");
    let ran = stack.run(&["groups", "list"]).await;
    assert!(
        ran.stdout.contains("consumer") && ran.stdout.contains("lag"),
        "{ran:?}"
    );

    let described: Value = stack.json(&["groups", "describe", "consumer"]).await;
    let member = &described["members"][0];
    assert_eq!(member["client_id"], "kafkloud-consumer", "{described}");
    let ran = stack.run(&["groups", "describe", "consumer"]).await;
    assert!(
        ran.stdout.contains("orders:0") && ran.stdout.contains("kafkloud-consumer"),
        "{ran:?}"
    );

    // Its positions stand in the status store: the words say so, and what to do.
    for args in [
        &[
            "groups",
            "reset",
            "consumer",
            "--to",
            "earliest",
            "--dry-run",
        ][..],
        &["groups", "reset", "consumer", "--to", "earliest", "--yes"],
        &["groups", "delete", "consumer", "--yes"],
    ] {
        let ran = run(stack.command(args)).await;
        assert_eq!(ran.code, 1, "{args:?}: {ran:?}");
        assert!(
            ran.stderr.contains("delete its folder"),
            "{args:?}: {ran:?}"
        );
    }
    for args in [
        &["groups", "describe", "nobody"][..],
        &["groups", "delete", "nobody", "--yes"],
        &["groups", "reset", "nobody", "--to", "latest", "--yes"],
    ] {
        let ran = run(stack.command(args)).await;
        assert_eq!(ran.code, 4, "{args:?}: {ran:?}");
    }
}
