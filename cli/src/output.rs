//! What is printed, and how: tables for people, JSON for programs.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use comfy_table::{Attribute, Cell, Table, presets};
use serde::Serialize;

use crate::{args::GlobalArgs, exit::Failure};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Standard output is a terminal: what senders wrote must not reach it unescaped.
    pub(crate) terminal: bool,
    pub(crate) colours: bool,
}

/// How a word is set off, where colours are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paint {
    Bold,
    Dim,
    Green,
    Red,
}

impl Output {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = io::stdout().is_terminal();
        Self {
            json: global.json,
            quiet: global.quiet,
            terminal,
            colours: terminal && !refused,
        }
    }

    /// Prints one line of results.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.bytes(text.as_ref().as_bytes())
    }

    /// Prints one line of results as it is, and at once: a program may be waiting for it.
    pub(crate) fn bytes(&self, line: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(line)?;
        stdout.write_all(b"\n")?;
        Ok(stdout.flush()?)
    }

    /// Prints a part of a line, and at once: somebody watches it grow. Control characters but line ends are shown, not sent.
    pub(crate) fn growing(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        for (i, line) in text.split('\n').enumerate() {
            let line_end = if i == 0 { "" } else { "\n" };
            write!(stdout, "{line_end}{}", printable(line))?;
        }
        Ok(stdout.flush()?)
    }

    /// Prints one value as one line of JSON.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_vec(value).map_err(anyhow::Error::from)?;
        self.bytes(&line)
    }

    /// Says something beside the results, on standard error; silent with `--quiet` and `--json`.
    pub(crate) fn hint(&self, text: impl AsRef<str>) {
        if !self.quiet && !self.json {
            self.warn(text);
        }
    }

    /// Says something beside the results that must not be missed, on standard error.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        // With standard error gone there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
    }

    /// Whether a progress bar would be seen and is wanted.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.json && !self.quiet && io::stderr().is_terminal()
    }

    pub(crate) fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => 1,
            Paint::Dim => 2,
            Paint::Green => 32,
            Paint::Red => 31,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Prints a table with aligned columns.
    pub(crate) fn table(
        &self,
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if !self.colours {
            table.force_no_tty();
        }
        table.set_header(
            header
                .iter()
                .map(|name| Cell::new(name).add_attribute(Attribute::Dim)),
        );
        table.add_rows(rows);
        self.line(table.trim_fmt())
    }
}

/// Text of a sender as one line that cannot steer the terminal: characters that would are shown, not sent.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_steering(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a character does something instead of being seen: control characters, line ends, those that turn the direction
/// of writing, and invisible ones in which text can be hidden.
pub(crate) fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A count with its digits in groups of three.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in the unit that reads best: `0.42 ms`, `3.1 s`.
pub(crate) fn duration_text(micros: u64) -> String {
    let micros = micros as f64;
    match micros {
        0.0..1_000_000.0 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_senders_are_shown() {
        assert_eq!(
            printable("a\u{1b}[2Jb\nc\u{9b}ü\u{202e}"),
            "a\\u{1b}[2Jb\\nc\\u{9b}ü\\u{202e}"
        );
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(duration_text(420), "0.42 ms");
        assert_eq!(duration_text(3_140_000), "3.1 s");
    }
}
