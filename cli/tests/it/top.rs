//! `kafkloud top` in a real pseudo-terminal, before a real platform.

use std::net::SocketAddr;

use clap::Parser;
use consumer::ConsumerConfig;
use rustix::process::Signal;
use service::CancellationToken;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{harness::Stack, terminal::Terminal};

/// Often, so that tests need not wait for the next second.
const TOP: [&str; 3] = ["top", "--interval", "200ms"];
const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";
/// Port 1 is reserved and never listened on.
const NOBODY: [&str; 9] = [
    "top",
    "--interval",
    "200ms",
    "--producer-url",
    "http://127.0.0.1:1",
    "--consumer-url",
    "http://127.0.0.1:1",
    "--seer-url",
    "http://127.0.0.1:1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_watches_the_stream_and_looks_closer() {
    let stack = Stack::start().await;
    let mut consumer = SecondConsumer::start(&stack).await;
    stack.run(&["produce", "orders", "first", "--wait"]).await;
    let mut top = consumer.watched(&stack);

    // Topics, with what is in them and how fast they grow.
    let topic = |top: &Terminal, figures: &[&str]| {
        let line = top.line("orders").unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        figures.iter().all(|figure| words.contains(figure))
    };
    top.shows(&["● consumer", "● streamer", "1 topic", "records/s"])
        .await;
    top.wait("the first record counted", |top| {
        topic(top, &["orders", "1"])
    })
    .await;
    let lines: String = (0..100).map(|n| format!("{{\"order\":{n}}}\n")).collect();
    let sent = stack.run_with_input(&["produce", "orders"], lines.as_bytes());
    assert_eq!(sent.await.code, 0);
    top.wait("a rate", |top| {
        let line = top.line("orders").unwrap_or_default();
        let rate = line.split_whitespace().nth(3).map(str::parse::<f64>);
        topic(top, &["101"]) && matches!(rate, Some(Ok(rate)) if rate > 0.0)
    })
    .await;
    top.press("i").await;
    top.shows(&["internal ones too", "kafkloud-lifecycle"])
        .await;
    top.press("i").await;
    top.wait("the users' topics alone", |top| {
        top.line("kafkloud-lifecycle").is_none()
    })
    .await;

    // The tail: what was there, and what comes.
    top.press(ENTER).await;
    top.shows(&["orders · live", "{\"order\":99}"]).await;
    stack
        .run(&["produce", "orders", r#"{"order":"new"}"#, "--key", "k/1"])
        .await;
    top.shows(&["k/1", r#"{"order":"new"}"#]).await;
    top.press(" ").await;
    top.shows(&["PAUSED, 0 waiting"]).await;
    stack.run(&["produce", "orders", "while paused"]).await;
    top.shows(&["PAUSED, 1 waiting"]).await;
    assert!(top.line("while paused").is_none());
    top.press(" ").await;
    top.shows(&["while paused"]).await;

    // What is looked for, among what was there and what comes.
    top.press("/NEW\r").await;
    top.shows(&["“NEW”", r#"{"order":"new"}"#]).await;
    assert!(top.line("while paused").is_none());
    top.press("w.value.order > 97\r").await;
    top.shows(&["where .val", r#"{"order":"new"}"#]).await;
    top.press("/\x1b").await;
    top.shows(&[r#"{"order":98}"#, r#"{"order":"new"}"#]).await;
    assert!(top.line("97}").is_none() && top.line("while paused").is_none());
    let sent = ["produce", "orders", r#"{"order":100}"#];
    stack.run(&sent).await;
    top.shows(&[r#"{"order":100}"#, "1 looked at"]).await;
    top.press("w[\r").await;
    top.shows(&["refused", "column"]).await;
    top.press("w\x1b").await;
    top.shows(&["live", "while paused", r#"{"order":100}"#])
        .await;

    // The message and its life.
    top.press("/\"new\"\r").await;
    top.shows(&["“\"new\"”", "k/1"]).await;
    top.press(ENTER).await;
    top.shows(&["accepted", "streamed", "consumed", "+", " ms", "as JSON"])
        .await;
    top.shows(&[r#"  "order": "new""#, "k/1", "kafkloud-accepted-at"])
        .await;
    top.press("vv").await;
    top.shows(&["as hex", "7b 22 6f 72 64 65 72 22"]).await;
    // Nothing stands below its end.
    assert!(top.line("00000010").is_none());
    top.resize(40, 120);
    top.shows(&["as hex"]).await;
    top.wait("the keys on the last of 40 lines", |top| {
        top.lines()[39].contains("q quit")
    })
    .await;
    top.resize(24, 80);
    top.wait("the keys on the last of 24 lines", |top| {
        top.lines()[23].contains("q quit")
    })
    .await;

    // The consumer goes, and comes back.
    top.press("1").await;
    top.shows(&["1 topic", "records/s"]).await;
    consumer.stop().await;
    top.shows(&["✗ consumer", "consumer is away: no consumer at", "s ago"])
        .await;
    // What was heard stays.
    assert!(top.line("orders").is_some());
    consumer.start_again(&stack).await;
    top.wait("the consumer back", |top| {
        top.line("● consumer").is_some() && top.line("is away").is_none()
    })
    .await;
    top.press("q").await;
    let (code, left) = top.end().await;
    assert_eq!((code, left.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn groups_tell_their_lag_by_partition() {
    let stack = Stack::start().await;
    stack.run(&["produce", "orders", "hello", "--wait"]).await;
    let mut top = start(&stack, &[]);
    top.press("\t").await;
    top.wait("the group with its member", |top| {
        let line = top.line("Stable").unwrap_or_default();
        line.starts_with("consumer") && line.contains(" 1 ")
    })
    .await;
    top.press(ENTER).await;
    top.shows(&["consumer · Stable · 1 member", "lag ▼", "orders"])
        .await;
    top.press(ESCAPE).await;
    top.shows(&["1 group"]).await;
    top.press("\t").await;
    top.shows(&["the last while", "● streamer", "● dead"]).await;
    top.press("?").await;
    top.shows(&["Everywhere", "any key closes this"]).await;
    // Closes the help, and no more than that.
    top.press("q").await;
    top.shows(&["the last while"]).await;
    top.press("\x03").await;
    assert_eq!(top.end().await.0, Some(0));
}

/// Whatever a sender writes, it stays in its columns and does nothing to the terminal.
#[tokio::test]
async fn hostile_content_is_shown_and_does_nothing() {
    let stack = Stack::start().await;
    let topic = "t".repeat(249);
    let canary = "\u{1b}]0;stolen\u{7}\u{1b}[2J\u{9b}31m\u{202e}txt.\u{1b}[?1049l";
    let megabyte = format!("{{\"text\":\"{}\"}}", "日本語 ".repeat(99_000));
    let pile = format!("Z{}", "\u{301}".repeat(1000));
    let key = format!("{canary}{pile}");
    stack.run(&["produce", &topic, "first", "--wait"]).await;
    let mut top = start(&stack, &[]);
    top.shows(&["ttt…ttt"]).await;
    top.press(ENTER).await;
    top.shows(&["live"]).await;
    let values = [canary, &pile, "שלום עולם \u{200f}مرحبا", &megabyte];
    for value in values {
        let file = stack.folder.path().join("value");
        std::fs::write(&file, value).unwrap();
        let args = [
            "produce", &topic, "--key", &key, "--format", "text", "--file",
        ];
        let mut args = args.to_vec();
        args.push(file.to_str().unwrap());
        stack.run(&args).await;
    }
    top.shows(&["5 seen", "שלום עולם", "日本語 日本語"]).await;
    top.shows(&["\\u{1b}]0;stolen", "q quit"]).await;
    // The megabyte, in each of its forms, from its beginning to its end.
    top.press(ENTER).await;
    top.shows(&["Value, 990 kB, as JSON", "  \"text\": \"日本語"])
        .await;
    top.press("G").await;
    top.shows(&["  }"]).await;
    top.press("vvG").await;
    top.shows(&["22 7d"]).await;
    top.press(ESCAPE).await;
    top.shows(&["5 seen"]).await;
    top.press(ESCAPE).await;
    top.shows(&["1 topic", "q quit"]).await;
    top.press("q").await;
    let written = String::from_utf8_lossy(&top.bytes).into_owned();
    for sign in ["\u{7}", "\u{1b}]", "\u{1b}[2J\u{9b}", "\u{202e}", "\u{9b}"] {
        assert!(!written.contains(sign), "{sign:?} has reached the terminal");
    }
    assert_eq!(top.end().await.0, Some(0));
}

#[tokio::test]
async fn a_signal_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        // Nothing answers; that is no reason to fail.
        let mut top = Terminal::start(&NOBODY, &[], 24, 80);
        top.shows(&["consumer is away", "q quit"]).await;
        assert!(top.screen().alternate_screen());
        top.signal(signal);
        assert_eq!(top.end().await, (Some(0), String::new()));
    }
}

#[tokio::test]
async fn it_ends_with_its_terminal() {
    let mut top = Terminal::start(&NOBODY, &[], 24, 80);
    top.shows(&["consumer is away"]).await;
    assert_ne!(top.hang_up().await, Some(101), "no panic");
}

#[tokio::test]
async fn colours_are_shown_where_they_are_wanted() {
    let colours = async |variables: &[(&str, &str)]| {
        let mut top = Terminal::start(&NOBODY, variables, 24, 80);
        top.shows(&["consumer is away"]).await;
        let screen = top.screen();
        let cells =
            (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        let mut colours: Vec<_> = cells.map(vt100::Cell::fgcolor).collect();
        colours.dedup();
        top.press("q").await;
        top.end().await;
        colours
    };
    assert_eq!(colours(&[("NO_COLOR", "1")]).await, [vt100::Color::Default]);
    assert!(colours(&[]).await.contains(&vt100::Color::Idx(1)));
}

/// Before this platform, on a screen of 24 rows and 80 columns.
fn start(stack: &Stack, variables: &[(&str, &str)]) -> Terminal {
    let offset = stack.port_offset.to_string();
    let args: Vec<_> = TOP.into_iter().chain(["--port-offset", &offset]).collect();
    Terminal::start(&args, variables, 24, 80)
}

/// A consumer beside that of the platform, which can be stopped alone.
struct SecondConsumer {
    address: SocketAddr,
    data: TempDir,
    stop: CancellationToken,
    task: Option<JoinHandle<anyhow::Result<()>>>,
}

impl SecondConsumer {
    async fn start(stack: &Stack) -> Self {
        let mut consumer = Self {
            address: "127.0.0.1:0".parse().unwrap(),
            data: tempfile::tempdir().unwrap(),
            stop: CancellationToken::new(),
            task: None,
        };
        consumer.start_again(stack).await;
        consumer
    }

    /// On the port and with the data that it had.
    async fn start_again(&mut self, stack: &Stack) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let broker = format!("127.0.0.1:{}", contract::port::STREAMER + stack.port_offset);
        let data = self.data.path().to_str().unwrap();
        let config = ConsumerConfig::parse_from([
            "consumer",
            "--kafka-broker",
            &broker,
            "--group",
            "second",
            // This program is the tests.
            "--filter-program",
            env!("CARGO_BIN_EXE_kafkloud"),
            "--data-dir",
            data,
        ]);
        self.stop = CancellationToken::new();
        self.task = Some(tokio::spawn(consumer::serve(
            listener,
            config,
            self.stop.clone(),
        )));
    }

    async fn stop(&mut self) {
        self.stop.cancel();
        self.task.take().unwrap().await.unwrap().unwrap();
    }

    /// Before the platform with this consumer instead of its own.
    fn watched(&self, stack: &Stack) -> Terminal {
        let offset = stack.port_offset.to_string();
        let url = format!("http://{}", self.address);
        let here = ["--port-offset", &offset, "--consumer-url", &url];
        let args: Vec<_> = TOP.into_iter().chain(here).collect();
        Terminal::start(&args, &[], 24, 80)
    }
}
