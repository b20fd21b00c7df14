use std::{collections::HashSet, fs};

use serde_json::Value;

use crate::harness::{PATIENCE, Stack, finish, lines};

/// The whole platform is killed in the middle of an upload and started again. The upload goes on by itself; every message
/// that was acknowledged, before or after, is there, and each counts once.
#[tokio::test]
async fn nothing_acked_is_lost_and_nothing_counts_twice() {
    const LINES: u64 = 30_000;
    let stack = Stack::start().await;
    let file = stack.folder.path().join("load.ndjson");
    let text: String = (0..LINES).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    fs::write(&file, text).unwrap();

    let produce = [
        "produce",
        "load",
        "--json",
        "--file",
        file.to_str().unwrap(),
    ];
    let mut upload = stack.command(&produce).spawn().unwrap();
    let mut outcomes = lines(&mut upload);
    let mut acked = HashSet::new();
    while acked.len() < 5_000 {
        let line = outcomes.next_line().await.unwrap().unwrap();
        acked.insert(id_of(&line).unwrap());
    }
    let port_offset = stack.port_offset;
    let folder = stack.kill().await;
    let stack = Stack::start_in(folder, port_offset).await;
    let mut summary = String::new();
    while let Some(line) = outcomes.next_line().await.unwrap() {
        acked.extend(id_of(&line));
        summary = line;
    }
    let ended = finish(upload).await;
    assert_eq!(ended.code, 0, "{summary} {ended:?}");
    assert_eq!(acked.len() as u64, LINES);

    let consumed = async {
        loop {
            let status: Value = stack.json(&["status"]).await;
            let n_consumed = status["n_consumed"].as_u64().unwrap();
            assert!(n_consumed <= LINES, "{status}");
            if n_consumed == LINES && status["lag"]["consumer"] == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, consumed)
        .await
        .expect("everything is consumed in time");

    let described: Value = stack.json(&["topics", "describe", "load"]).await;
    let partition = &described["partitions"][0];
    let leader = &partition["leader"];
    assert_eq!(
        partition["replicas"],
        serde_json::json!([leader]),
        "{described}"
    );
    assert_eq!(partition["in_sync"], partition["replicas"], "{described}");
    let count = described["records"].to_string();
    let read = stack
        .run(&[
            "tail", "load", "--from", "earliest", "--json", "--count", &count,
        ])
        .await;
    let in_log: HashSet<String> = read.stdout.lines().filter_map(id_of).collect();
    assert_eq!(in_log, acked);
}

/// The platform stays away: the upload ends with an account, and the command that it names completes it.
#[tokio::test]
async fn an_upload_that_gives_up_says_how_to_go_on() {
    const LINES: u64 = 20_000;
    let stack = Stack::start().await;
    let file = stack.folder.path().join("load.txt");
    let text: String = (0..LINES).map(|n| format!("line {n}\n")).collect();
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();

    let produce = [
        "produce",
        "load",
        "--json",
        "--idempotency-key",
        "K",
        "--file",
        file,
    ];
    let mut upload = stack.command(&produce).spawn().unwrap();
    let mut outcomes = lines(&mut upload);
    let first = outcomes.next_line().await.unwrap();
    assert!(id_of(&first.unwrap()).is_some());
    let port_offset = stack.port_offset;
    let folder = stack.kill().await;
    let mut acked = 1;
    let mut summary = Value::Null;
    while let Some(line) = outcomes.next_line().await.unwrap() {
        acked += u64::from(id_of(&line).is_some());
        summary = serde_json::from_str::<Value>(&line).unwrap()["summary"].take();
    }
    assert_eq!(finish(upload).await.code, 3);
    assert_eq!(summary["acked"], acked);
    assert!(acked < LINES);

    let stack = Stack::start_in(folder, port_offset).await;
    let next_line = summary["next_line"].to_string();
    let mut go_on = produce.to_vec();
    go_on.extend(["--from-line", &next_line, "--wait", "60"]);
    let ran = stack.run(&go_on).await;
    let rest = ran.json_lines().pop().unwrap();
    assert!(
        rest["summary"]["acked"].as_u64().unwrap() + acked >= LINES,
        "{rest}"
    );
    let status: Value = stack.json(&["status"]).await;
    assert_eq!(status["n_consumed"], LINES);
}

fn id_of(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).unwrap();
    value["id"].as_str().map(str::to_owned)
}
