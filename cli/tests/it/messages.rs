use crate::harness::{Stack, run};

#[tokio::test]
async fn messages_are_found_and_printed() {
    let stack = Stack::start().await;
    let lines =
        "{\"order\":1,\"total\":50}\n{\"order\":2,\"total\":150}\n{\"order\":3,\"total\":250}\n";
    let produce = [
        "produce",
        "orders",
        "--key-field",
        "order",
        "--format",
        "json",
    ];
    let ran = stack.run_with_input(&produce, lines.as_bytes()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    stack
        .run(&["produce", "notes", "a REFUND\u{1b}[2J of 7"])
        .await;

    let values = async |args: &[&str]| {
        let args = [&["messages", "--format", "value", "--json"], args].concat();
        let ran = stack.run(&args).await;
        let values = ran.json_lines().into_iter();
        let values: Vec<String> = values
            .map(|value| value.as_str().unwrap().to_owned())
            .collect();
        values
    };
    let (first, second, third) = (
        "{\"order\":1,\"total\":50}",
        "{\"order\":2,\"total\":150}",
        "{\"order\":3,\"total\":250}",
    );
    let expensive = ["--where", ".value.total? > 100", "--topic", "orders"];
    let mut found = values(&expensive).await;
    found.sort();
    assert_eq!(found, [second, third]);
    assert_eq!(values(&["--key", "1"]).await, [first]);
    assert_eq!(
        values(&["--topic", "orders", "--limit", "2"]).await.len(),
        2
    );
    assert_eq!(values(&["--text", "refund"]).await.len(), 1);
    assert_eq!(values(&["--from", "1h", "--oldest"]).await.len(), 4);

    // What a sender wrote does not steer the terminal, and nothing found is told.
    let ran = stack.run(&["messages", "--topic", "notes"]).await;
    assert!(
        ran.stdout.contains("notes:0:0") && !ran.stdout.contains('\u{1b}'),
        "{ran:?}"
    );
    let none = run(stack.command(&["messages", "--until", "1h"])).await;
    assert_eq!((none.code, none.stdout.as_str()), (4, ""), "{none:?}");
    let bad = run(stack.command(&["messages", "--where", ".value ="])).await;
    assert!(bad.code == 2 && bad.stderr.contains("column"), "{bad:?}");
    let endless = run(stack.command(&["messages", "--where", "[repeat(.)]"])).await;
    assert!(
        endless.code == 2 && endless.stderr.contains("`where`"),
        "{endless:?}"
    );
    let unknown = run(stack.command(&["messages", "--topic", "nothing"])).await;
    assert_eq!(unknown.code, 4, "{unknown:?}");
    let failing = stack
        .run(&[
            "messages",
            "--where",
            ".key == \"1\" or .value.x",
            "--topic",
            "orders",
        ])
        .await;
    assert!(failing.stdout.contains("orders:"), "{failing:?}");
}
