//! The terminal: taken for as long as the screen is shown, and given back however that ends.

use std::{
    io::{self, BufWriter, Stdout, Write, stdout},
    mem::ManuallyDrop,
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor::{Hide, Show},
    execute,
    style::Print,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};

pub(super) struct Screen {
    /// Dropped, it would complain aloud of a terminal that has gone, and panic when standard error has gone with it.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

/// Whether the terminal is ours. There is one for the whole process, and a panic may happen on any thread.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A frame is written in few pieces, so that it does not flicker.
const WRITE_BYTES: usize = 32 * 1024;

/// Terminals that turn right-to-left text around would do so within the whole line, columns and all. ECMA-48's mode BDSM,
/// which others ignore, says that characters stay where they are put.
const TURN_NOTHING: &str = "\x1b[8l";
const TURN_AS_BEFORE: &str = "\x1b[8h";

impl Screen {
    pub(super) fn take() -> io::Result<Self> {
        give_back_before_panics_are_told();
        TAKEN.store(true, Ordering::SeqCst);
        Self::prepare().inspect_err(|_| give_back())
    }

    fn prepare() -> io::Result<Self> {
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, Hide, Print(TURN_NOTHING))?;
        let output = BufWriter::with_capacity(WRITE_BYTES, stdout());
        let terminal = Terminal::new(CrosstermBackend::new(output))?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
        })
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Err(io::Error::other("a part of it has failed"));
        }
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// What stands on the terminal is not trusted: everything is drawn again.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// The message of a panic belongs on the terminal as it was, where it stays.
fn give_back_before_panics_are_told() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back();
            tell(panic);
        }));
    });
}

fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // A terminal that is gone need not be given back, and there is nobody to tell.
    let _ = execute!(stdout(), Print(TURN_AS_BEFORE), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
    let _ = stdout().flush();
}

#[cfg(test)]
mod tests {
    use std::{env, io::Read};

    use pty_process::{Size, blocking};

    use super::*;

    /// Set in the process that is to panic.
    const PANICS: &str = "KAFKLOUD_TOP_PANICS";

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_told_there() {
        if env::var_os(PANICS).is_some() {
            let mut screen = Screen::take().unwrap();
            screen
                .draw(|frame| frame.render_widget("drawn", frame.area()))
                .unwrap();
            panic!("told at the end");
        }
        // This test again, in a terminal of its own.
        let (mut pty, pts) = blocking::open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let path = module_path!().split_once("::").unwrap().1;
        let this = format!("{path}::a_panic_gives_the_terminal_back_and_is_told_there");
        let child = blocking::Command::new(env::current_exe().unwrap())
            .args(["--exact", &this, "--nocapture"])
            .env(PANICS, "1")
            .env("RUST_BACKTRACE", "0")
            .spawn(pts);
        let mut written = Vec::new();
        let mut buffer = [0; 4096];
        // At the end, Linux says EIO.
        while let Ok(count @ 1..) = pty.read(&mut buffer) {
            written.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(child.unwrap().wait().unwrap().code(), Some(101));

        let mut parser = vt100::Parser::default();
        parser.process(&written);
        let screen = parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        let text = screen.contents();
        assert!(
            text.contains("told at the end") && !text.contains("drawn"),
            "{text}"
        );
        assert!(String::from_utf8_lossy(&written).contains("drawn"));
        // Raw lines would have begun where the one before ended.
        assert!(
            text.lines()
                .any(|line| line.starts_with("test result: FAILED")),
            "{text}"
        );
    }
}
