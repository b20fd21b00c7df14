use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Far above what anything here takes; only a hang reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A platform: `kafkloud up` on ports of its own.
pub(crate) struct Stack {
    child: Child,
    /// What it said about itself once it was ready.
    pub(crate) announcement: Value,
    pub(crate) port_offset: u16,
    pub(crate) folder: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), free_port_offset()).await
    }

    /// Without the seer, which would compute beside tests that have nothing to do with it.
    pub(crate) async fn start_in(folder: TempDir, port_offset: u16) -> Self {
        Self::announced(
            up(folder.path(), port_offset).arg("--no-seer"),
            folder,
            port_offset,
        )
        .await
    }

    pub(crate) async fn start_with_seer(folder: TempDir, port_offset: u16) -> Self {
        Self::announced(&mut up(folder.path(), port_offset), folder, port_offset).await
    }

    pub(crate) async fn announced(
        command: &mut Command,
        folder: TempDir,
        port_offset: u16,
    ) -> Self {
        let mut child = command.arg("--json").spawn().unwrap();
        let mut stdout = lines(&mut child);
        let line = timeout(PATIENCE, stdout.next_line()).await;
        let line = line.expect("announced in time").unwrap();
        let Some(line) = line else {
            let mut stderr = String::new();
            child
                .stderr
                .unwrap()
                .read_to_string(&mut stderr)
                .await
                .unwrap();
            panic!("`kafkloud up` ended: {stderr}");
        };
        let announcement: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(announcement["ready"], true, "{line}");
        Self {
            child,
            announcement,
            port_offset,
            folder,
        }
    }

    /// The address of the part that has this port without an offset.
    pub(crate) fn url(&self, port: u16, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", port + self.port_offset)
    }

    pub(crate) fn seer_url(&self, path: &str) -> String {
        self.url(contract::port::SEER, path)
    }

    /// A command against this platform.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = kafkloud(args);
        command.env("KAFKLOUD_PORT_OFFSET", self.port_offset.to_string());
        command
    }

    /// Runs a command that is to succeed.
    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        let ran = run(self.command(args)).await;
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran
    }

    /// The same with lines on standard input.
    pub(crate) async fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).await.unwrap();
        drop(stdin);
        finish(child).await
    }

    /// Runs a command with `--json` that prints one value.
    pub(crate) async fn json<T: DeserializeOwned>(&self, args: &[&str]) -> T {
        let mut args = args.to_vec();
        args.push("--json");
        let ran = self.run(&args).await;
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    /// Ends it with SIGTERM, and gives its folder back.
    pub(crate) async fn terminate(mut self) -> (ExitStatus, TempDir) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(sent.unwrap().success());
        // The promise of `kafkloud up`.
        let status = timeout(Duration::from_secs(5), self.child.wait()).await;
        (status.expect("ends within 5 s").unwrap(), self.folder)
    }

    /// Ends it with SIGKILL, and gives its folder back.
    pub(crate) async fn kill(mut self) -> TempDir {
        self.child.kill().await.unwrap();
        self.folder
    }
}

impl Ran {
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

pub(crate) fn up(folder: &Path, port_offset: u16) -> Command {
    let port_offset = port_offset.to_string();
    let mut command = kafkloud(&["up", "--port-offset", &port_offset, "--data-dir"]);
    command.arg(folder);
    command
}

/// What the program takes from the environment: the tester's own is not for it.
pub(crate) const OWN_VARIABLES: [&str; 18] = [
    "API_TOKEN",
    "API_TOKEN_FILE",
    "CONSUMER_URL",
    "DATA_DIR",
    "KAFKA_BROKER",
    "KAFKLOUD_PORT_OFFSET",
    "NO_COLOR",
    "OIDC_ISSUER",
    "PORTAL_URL",
    "PRODUCER_URL",
    "RUST_LOG",
    "SEER_URL",
    "SERVER_HOST",
    "SESSION_KEY",
    "TLS_CA_FILE",
    "TLS_CERT_FILE",
    "TLS_KEY_FILE",
    "VIEWER_TOKEN",
];

/// The program without anything of the tester's own environment.
pub(crate) fn kafkloud(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafkloud"));
    for variable in OWN_VARIABLES {
        command.env_remove(variable);
    }
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub(crate) async fn run(mut command: Command) -> Ran {
    finish(command.spawn().unwrap()).await
}

pub(crate) async fn finish(child: Child) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("ends in time")
        .unwrap();
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

pub(crate) fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

pub(crate) fn free_port_offset() -> u16 {
    free_ports::offset(&[3000, 8000, 8030, 8072, 9092])
}
