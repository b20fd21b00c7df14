//! A program in a pseudo-terminal, and the screen that a user would see.

use std::{num::NonZeroU16, os::fd::AsFd};

use pty_process::{Command, Pty, Size};
use rustix::termios::{LocalModes, tcgetattr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Child,
    time::timeout,
};

use crate::harness::{OWN_VARIABLES, PATIENCE};

pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    parser: vt100::Parser,
    /// All that was written to it.
    pub(crate) bytes: Vec<u8>,
    modes_before: LocalModes,
}

impl Terminal {
    /// `kafkloud` with these arguments and variables, on a screen of so many rows and columns.
    pub(crate) fn start(
        args: &[&str],
        variables: &[(&str, &str)],
        rows: u16,
        columns: u16,
    ) -> Self {
        let (pty, pts) = pty_process::open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let modes_before = tcgetattr(pts.as_fd()).unwrap().local_modes;
        let mut command = Command::new(env!("CARGO_BIN_EXE_kafkloud"))
            .args(args)
            .env("TERM", "xterm-256color")
            .kill_on_drop(true);
        for variable in OWN_VARIABLES {
            command = command.env_remove(variable);
        }
        let command = command.envs(variables.iter().copied());
        Self {
            child: command.spawn(pts).unwrap(),
            pty,
            parser: vt100::Parser::new(count(rows), count(columns), 0),
            bytes: Vec::new(),
            modes_before,
        }
    }

    pub(crate) async fn press(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).await.unwrap();
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).unwrap();
        self.parser.set_size(count(rows), count(columns));
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.id().unwrap().cast_signed();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// What stands on the screen, a line for each row.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (_, columns) = self.parser.screen().size();
        self.parser.screen().rows(0, columns.get()).collect()
    }

    /// The first row with this text.
    pub(crate) fn line(&self, text: &str) -> Option<String> {
        self.lines().into_iter().find(|line| line.contains(text))
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Waits until all of these stand on the screen.
    pub(crate) async fn shows(&mut self, texts: &[&str]) {
        self.wait(&format!("{texts:?}"), |terminal| {
            let screen = terminal.lines().join("\n");
            texts.iter().all(|text| screen.contains(text))
        })
        .await;
    }

    /// Waits until the screen is as it should be.
    pub(crate) async fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                assert!(self.read().await, "ended before {what}");
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("no {what} on the screen:\n{}", self.lines().join("\n"));
        }
    }

    /// Takes in what the program writes next; false at its end.
    async fn read(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        // The other side is gone: Linux says EIO.
        let count = self.pty.read(&mut buffer).await.unwrap_or(0);
        self.parser.process(&buffer[..count]);
        self.bytes.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Takes the terminal away, as when its window is closed, and returns the exit code.
    pub(crate) async fn hang_up(self) -> Option<i32> {
        let Self { pty, mut child, .. } = self;
        drop(pty);
        let status = timeout(PATIENCE, child.wait()).await;
        status.expect("ends in time").unwrap().code()
    }

    /// Waits for the program's end, and checks that the terminal is as it was; returns the exit code and what stands on it.
    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let ending = async {
            while self.read().await {}
            self.child.wait().await.unwrap()
        };
        let status = timeout(PATIENCE, ending).await.expect("ends in time");
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the screen before is back");
        assert!(!screen.hide_cursor(), "the cursor is back");
        // Where the system still tells when the program has ended.
        if let Ok(modes) = tcgetattr(self.pty.as_fd()) {
            assert_eq!(
                modes.local_modes, self.modes_before,
                "lines and echo are back"
            );
        }
        (status.code(), screen.contents())
    }
}

fn count(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}
