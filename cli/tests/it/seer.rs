//! The commands about the seer, beside a fake one and with the real one.

use std::{fs, process::Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::{
    fake_seer::{BROKEN_OFF, FAILED, FakeSeer, REFUSED, UNINDEXABLE, UNKNOWN},
    harness::{Ran, Stack, finish, free_port_offset, kafkloud, run},
};

fn assert_harmless(ran: &Ran) {
    assert!(ran.stdout.contains("onerror"), "it is shown: {ran:?}");
    for output in [&ran.stdout, &ran.stderr] {
        assert!(
            !output.contains('\u{1b}') && !output.contains('\u{7}'),
            "{ran:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_is_printed_with_its_citations_and_nothing_steers_the_terminal() {
    let seer = FakeSeer::start().await;
    let mut ask = vec![
        "ask",
        "what is it?",
        "--topic",
        "orders",
        "--topic",
        "stream",
    ];
    ask.extend([
        "--since",
        "2026-01-31T09:30:00Z",
        "--top-k",
        "3",
        "--conversation",
        "c",
    ]);
    let ran = run(seer.command(&ask)).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.starts_with("The sentence [1].\n"), "{ran:?}");
    assert!(ran.stdout.contains("[1] orders:2:7  "), "{ran:?}");
    for words in [
        "It rains [9].",
        "the model is away",
        "--conversation conversation-2",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
    assert_harmless(&ran);
    let asked = seer.last_asked();
    assert_eq!(asked.topics, ["orders", "stream"]);
    assert_eq!(asked.since.as_deref(), Some("2026-01-31T09:30:00.000000Z"));
    assert_eq!(
        (asked.top_k, asked.conversation.as_deref()),
        (Some(3), Some("c"))
    );

    let ran = run(seer.command(&["ask", "what is it?", "--json"])).await;
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["citations"][0]["offset"], 7);
}

#[tokio::test]
async fn the_exit_code_tells_what_is_known_from_what_failed() {
    let seer = FakeSeer::start().await;
    let cases = [
        (UNKNOWN, 4, ""),
        (REFUSED, 3, "The model is loading."),
        (FAILED, 3, "The model is loading."),
        (BROKEN_OFF, 3, "ended too early"),
        ("  ", 2, "no question"),
    ];
    for (question, code, words) in cases {
        let ran = run(seer.command(&["ask", question])).await;
        assert_eq!(ran.code, code, "{question}: {ran:?}");
        assert!(ran.stderr.contains(words), "{question}: {ran:?}");
    }
    let away = kafkloud(&["ask", "why?", "--seer-url", "http://127.0.0.1:1"]);
    let ran = run(away).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("no seer") && ran.stderr.contains("--seer-url"),
        "{ran:?}"
    );
    for wrong in [
        ["--since", "yesterday"],
        ["--top-k", "101"],
        ["--topic", "a/b"],
    ] {
        let mut ask = vec!["ask", "why?"];
        ask.extend(wrong);
        assert_eq!(run(seer.command(&ask)).await.code, 2, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_statement_is_taught_and_awaited() {
    let seer = FakeSeer::start().await;
    let mut child = seer
        .command(&["teach", "-", "--wait"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"two\nlines").await.unwrap();
    drop(stdin);
    let ran = finish(child).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(seer.last_statement(), "two\nlines");
    assert!(
        ran.stdout.contains("acked") && ran.stdout.contains("indexed"),
        "{ran:?}"
    );

    let ran = run(seer.command(&["teach", UNINDEXABLE, "--wait"])).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("not text"), "{ran:?}");
    assert_eq!(run(seer.command(&["teach", " "])).await.code, 2);
}

#[tokio::test]
async fn files_are_loaded_one_by_one_and_the_damaged_are_named() {
    let seer = FakeSeer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("good.txt"), "good").unwrap();
    fs::write(path("bad.txt"), "bad").unwrap();
    let (good, bad, missing) = (path("good.txt"), path("bad.txt"), path("missing.txt"));
    let folder_itself = path("");

    let ran = run(seer.command(&["load", &missing, &bad, &folder_itself, &good])).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stdout, "loaded good.txt: 1,234 messages\n");
    for words in [
        "missing.txt: cannot be read",
        "bad.txt: it is damaged",
        "is a folder",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
    assert!(!ran.stderr.contains('\u{1b}'), "{ran:?}");

    let ran = run(seer.command(&["load", &good, "--json", "--wait"])).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let [file] = &ran.json_lines()[..] else {
        panic!("one line a file: {ran:?}")
    };
    assert_eq!(
        (&file["messages"], &file["finished"]),
        (&1234.into(), &true.into())
    );
    let away = kafkloud(&["load", &good, "--seer-url", "http://127.0.0.1:1"]);
    assert_eq!(run(away).await.code, 3);
}

#[tokio::test]
async fn what_is_found_is_shown_with_its_ranks() {
    let seer = FakeSeer::start().await;
    let search = [
        "search", "beans", "--mode", "sparse", "--topic", "orders", "--until", "1h",
    ];
    let ran = run(seer.command(&search)).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in ["orders:2:7", "dense 1 (0.710)", "sparse 3 (8.500)"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    assert_harmless(&ran);
    let searched = seer.searched.lock().unwrap().clone();
    assert_eq!(
        (searched["mode"].as_str(), searched["topics"].as_str()),
        ("sparse", "orders")
    );
    assert!(searched["until"].ends_with('Z') && !searched.contains_key("since"));
    assert_eq!(run(seer.command(&["search", UNKNOWN])).await.code, 4);
}

#[tokio::test]
async fn a_rebuilding_is_followed_to_its_end() {
    let seer = FakeSeer::start().await;
    let ran = run(seer.command(&["reindex", "--no-wait"])).await;
    assert!(ran.code == 0 && ran.stdout.contains("begun"), "{ran:?}");
    let ran = run(seer.command(&["reindex"])).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("rebuilt: 4,321 points in kafkloud-2"),
        "{ran:?}"
    );

    let failing = FakeSeer::start_with_failing_rebuild().await;
    let ran = run(failing.command(&["reindex"])).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("the disk is full"), "{ran:?}");
}

#[tokio::test]
async fn the_real_seer_learns_and_answers() {
    let stack = Stack::start_with_seer(tempfile::tempdir().unwrap(), free_port_offset()).await;
    let statement = "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
    let question = "Do you know anything about the Wilymajinkas?";
    // It may still be loading its model; then it says so.
    let before = loop {
        let ran = run(stack.command(&["ask", question])).await;
        if ran.code != 3 {
            break ran;
        }
    };
    assert_eq!(before.code, 4, "{before:?}");
    stack.run(&["teach", statement, "--wait", "30"]).await;
    let ran = stack.run(&["ask", question]).await;
    assert!(
        ran.stdout.contains(statement) && ran.stdout.contains("[1] seer-statement:"),
        "{ran:?}"
    );

    let produced = [
        "produce",
        "orders",
        "espresso beans",
        "--wait",
        "30",
        "--stage",
        "indexed",
    ];
    let ran = stack.run(&produced).await;
    assert!(ran.stdout.contains("indexed"), "{ran:?}");
    let found: Value = stack.json(&["search", "coffee", "--topic", "orders"]).await;
    assert_eq!(found["hits"][0]["text"], "espresso beans");
    stack.run(&["reindex"]).await;
    let file = stack.folder.path().join("note.txt");
    fs::write(&file, "The well behind the mill is dry.").unwrap();
    stack.run(&["load", file.to_str().unwrap(), "--wait"]).await;
    let ran = stack.run(&["ask", "What is dry?"]).await;
    assert!(ran.stdout.contains("well behind the mill"), "{ran:?}");
}
