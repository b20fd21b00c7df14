//! `kafkloud up` for the network, by a token, over TLS; and the commands that go there.

use std::{fs, path::Path};

use reqwest::{Client, redirect::Policy};
use scratch_authority::ScratchAuthority;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::harness::{Stack, free_port_offset, kafkloud, run, up};

const TOKEN: &str = "the-token-of-operators";
const VIEWER: &str = "the-token-of-viewers";

/// `kafkloud up --no-seer` with more arguments and variables.
async fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Stack {
    let (folder, port_offset) = (tempfile::tempdir().unwrap(), free_port_offset());
    let mut command = up(folder.path(), port_offset);
    command.arg("--no-seer").args(arguments);
    command.envs(variables.iter().copied());
    Stack::announced(&mut command, folder, port_offset).await
}

impl Stack {
    fn said(&self, name: &str) -> &str {
        self.announcement[name].as_str().unwrap_or_default()
    }

    fn command_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        command
    }
}

#[tokio::test]
async fn the_network_comes_in_by_a_token_that_is_kept() {
    let stack = start(&["--host", "0.0.0.0"], &[]).await;
    let file = stack.said("token_file").to_owned();
    assert!(Path::new(&file).starts_with(stack.folder.path()), "{file}");
    // The streamer asks nobody, so only this machine reaches it.
    assert!(stack.said("kafka_broker").starts_with("127.0.0.1:"));

    let stranger = run(stack.command(&["status"])).await;
    assert_eq!(stranger.code, 1, "{stranger:?}");
    assert!(stranger.stderr.contains("API_TOKEN"), "{stranger:?}");
    let known = [("API_TOKEN_FILE", file.as_str())];
    for args in [
        ["produce", "orders", "hello", "--wait"].as_slice(),
        &["topics", "list"],
        &["groups", "list"],
        &["status"],
    ] {
        let ran = run(stack.command_with(args, &known)).await;
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    }
    let token = fs::read_to_string(&file).unwrap();
    let ran = run(stack.command(&["status", "--token", token.trim()])).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let both = run(stack.command_with(&["status", "--token", token.trim()], &known)).await;
    assert_eq!(both.code, 2, "{both:?}");

    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let page = client.get(stack.said("sign_in")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn viewers_look_and_do_no_more() {
    let tokens = [("API_TOKEN", TOKEN), ("VIEWER_TOKEN", VIEWER)];
    let stack = start(&[], &tokens).await;
    assert_eq!(stack.announcement.get("token_file"), None);
    let as_viewer =
        async |args: &[&str]| run(stack.command_with(args, &[("API_TOKEN", VIEWER)])).await;
    assert_eq!(as_viewer(&["status"]).await.code, 0);
    let refused = as_viewer(&["produce", "orders", "hello"]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("operator"), "{refused:?}");
    let wrong =
        run(stack.command_with(&["status"], &[("API_TOKEN", "a-token-that-is-wrong")])).await;
    assert_eq!(wrong.code, 1, "{wrong:?}");
}

#[tokio::test]
async fn everything_works_over_tls() {
    let authority = ScratchAuthority::new().unwrap();
    let files = authority.certify_loopback().unwrap();
    let ca_file = authority.ca_file();
    let [ca, certificate, key] = [
        ("TLS_CA_FILE", &ca_file),
        ("TLS_CERT_FILE", &files.certificate),
        ("TLS_KEY_FILE", &files.key),
    ]
    .map(|(name, file)| (name, file.to_str().unwrap()));
    let token = ("API_TOKEN", TOKEN);
    let stack = start(&[], &[token, ca, certificate, key]).await;
    for part in ["portal", "producer", "consumer", "sign_in"] {
        assert!(
            stack.said(part).starts_with("https://127.0.0.1:"),
            "{}",
            stack.announcement
        );
    }
    let ran = run(stack.command_with(
        &["produce", "orders", "hello", "--wait", "--json"],
        &[token, ca],
    ))
    .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    // Consumed: so the producer has reached the consumer too.
    let lines: Vec<Value> = ran.json_lines();
    let id = lines[0]["id"].as_str().unwrap();
    let ran = run(stack.command_with(&["status", id], &[token, ca])).await;
    assert_eq!(ran.code, 0, "{ran:?}");

    let url = stack.said("consumer").to_owned();
    let stranger = ["status", "--consumer-url", &url];
    let ran = run(stack.command_with(&stranger, &[token])).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("--ca-file"), "{ran:?}");
}

#[tokio::test]
async fn help_shows_no_secret() {
    for command in [["up", "--help"], ["status", "--help"]] {
        let mut command = kafkloud(&command);
        command.envs([("API_TOKEN", TOKEN), ("VIEWER_TOKEN", VIEWER)]);
        let ran = run(command).await;
        assert!(ran.stdout.contains("API_TOKEN"), "{ran:?}");
        assert!(
            !ran.stdout.contains(TOKEN) && !ran.stdout.contains(VIEWER),
            "{ran:?}"
        );
    }
}

#[tokio::test]
async fn what_is_half_given_is_refused() {
    let folder = TempDir::new().unwrap();
    for (variable, value, words) in [
        ("VIEWER_TOKEN", VIEWER, "API_TOKEN"),
        ("API_TOKEN", "short", "16 characters"),
        ("TLS_CERT_FILE", "/nowhere/tls.crt", "TLS_KEY_FILE"),
        ("API_TOKEN_FILE", "/nowhere/token", "/nowhere/token"),
    ] {
        let mut command = up(folder.path(), free_port_offset());
        command.arg("--no-seer").env(variable, value);
        let ran = run(command).await;
        assert_ne!(ran.code, 0, "{variable}: {ran:?}");
        assert!(ran.stderr.contains(words), "{variable}: {ran:?}");
    }
}
