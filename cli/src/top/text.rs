//! Text of senders in the cells of a screen. It may hold anything: escape sequences, characters that turn the direction of
//! writing, marks piled up without end. What leaves here moves no cursor and takes the columns that it says.

use unicode_width::UnicodeWidthChar;

use crate::output::is_steering;

/// Marks upon one letter. Languages need two or three; more is somebody's joke on the lines above and below.
const MARKS_MAX: usize = 3;
const TAB_COLUMNS: usize = 4;
const CUT: char = '…';

/// The columns that a text takes as it is.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// `text` in one line of `width` columns at most; a cut is shown.
pub(super) fn one_line(text: &str, width: usize) -> String {
    let mut row = Row::new(width);
    // Where a text ends that is followed by the sign of the cut.
    let mut cut = (0, 0);
    for c in text.chars() {
        if !row.push(c) {
            row.text.truncate(cut.0);
            row.columns = cut.1;
            row.push(CUT);
            break;
        }
        if row.columns < width {
            cut = (row.text.len(), row.columns);
        }
    }
    row.text
}

/// A name in `width` columns: names differ at their ends as often as at their beginnings, so the middle is left out.
pub(super) fn name(text: &str, width: usize) -> String {
    let whole = one_line(text, usize::MAX);
    let length = columns(&whole);
    if length <= width || width < 8 {
        return one_line(text, width);
    }
    let tail_columns = (width - 1) / 2;
    let mut left = length;
    let tail = whole.chars().skip_while(|&c| {
        let skipped = left > tail_columns;
        left -= columns_of(c);
        skipped
    });
    // No mark without its letter.
    let tail = tail.skip_while(|&c| columns_of(c) == 0);
    let head = one_line(&whole, width - tail_columns);
    head.chars().chain(tail).collect()
}

/// `text` in one line of exactly `width` columns.
pub(super) fn left(text: &str, width: usize) -> String {
    let mut line = one_line(text, width);
    let missing = width.saturating_sub(columns(&line));
    line.extend(std::iter::repeat_n(' ', missing));
    line
}

/// The same with the text at the right end.
pub(super) fn right(text: &str, width: usize) -> String {
    let line = one_line(text, width);
    let missing = width.saturating_sub(columns(&line));
    format!("{}{line}", " ".repeat(missing))
}

/// All of `text` in rows of `width` columns at most; its own line ends are kept.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    // The widest that cannot be broken is an escape such as `\u{202e}`.
    let width = width.max(10);
    let mut rows = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut row = Row::new(width);
        for c in line.chars() {
            let count = if c == '\t' {
                TAB_COLUMNS - row.columns % TAB_COLUMNS
            } else {
                1
            };
            let c = if c == '\t' { ' ' } else { c };
            for _ in 0..count {
                if !row.push(c) {
                    rows.push(std::mem::replace(&mut row, Row::new(width)).text);
                    row.push(c);
                }
            }
        }
        rows.push(row.text);
    }
    rows
}

struct Row {
    text: String,
    columns: usize,
    width: usize,
    /// On the last letter.
    marks: usize,
    /// What modifiers of a skin's colour come after.
    after_wide: bool,
}

impl Row {
    fn new(width: usize) -> Self {
        Self {
            text: String::new(),
            columns: 0,
            width,
            marks: 0,
            after_wide: false,
        }
    }

    /// Adds what stands for `c`; false when there is no room for it.
    fn push(&mut self, c: char) -> bool {
        if is_steering(c) {
            return self.push_escaped(c);
        }
        if is_joiner(c) || self.after_wide && matches!(c, '\u{1f3fb}'..='\u{1f3ff}') {
            return true;
        }
        let columns = columns_of(c);
        if columns == 0 {
            self.marks += 1;
            // A mark without a letter would sit on what stands before this text.
            if self.marks <= MARKS_MAX && self.columns > 0 {
                self.text.push(c);
            }
            return true;
        }
        if self.columns + columns > self.width {
            return false;
        }
        self.text.push(c);
        self.columns += columns;
        self.marks = 0;
        self.after_wide = columns == 2;
        true
    }

    fn push_escaped(&mut self, c: char) -> bool {
        let escaped = c.escape_default();
        let columns = escaped.len();
        if self.columns + columns > self.width {
            return false;
        }
        self.text.extend(escaped);
        self.columns += columns;
        self.marks = 0;
        self.after_wide = false;
        true
    }
}

/// Characters that make one picture of several. Terminals disagree about how wide that is, so each stands for itself.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_it_no_longer_fits() {
        assert_eq!(one_line("hello", 5), "hello");
        assert_eq!(one_line("hello!", 5), "hell…");
        assert_eq!(one_line("日本語", 6), "日本語");
        // Three wide characters do not fit, and neither do two and the sign.
        assert_eq!(one_line("日本語", 5), "日本…");
        assert_eq!(one_line("日本語", 4), "日…");
        assert_eq!(one_line("hello", 0), "");
        assert_eq!(left("日", 4), "日  ");
        assert_eq!(right("日", 4), "  日");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(one_line("a\u{1b}[2J\r\n", 40), "a\\u{1b}[2J\\r\\n");
        assert_eq!(one_line("a\u{202e}b", 40), "a\\u{202e}b");
        assert_eq!(one_line("\u{1b}", 3), "…");
        let pile = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(one_line(&pile, 40), "a\u{301}\u{301}\u{301}b");
        assert_eq!(one_line("\u{301}a", 40), "a");
        assert_eq!(one_line("👩\u{200d}👩🏽\u{fe0f}", 40), "👩👩");
    }

    #[test]
    fn of_names_the_middle_is_left_out() {
        assert_eq!(name("orders", 10), "orders");
        assert_eq!(name("orders.of.the.west.v2", 13), "orders…est.v2");
        assert_eq!(columns(&name(&"名".repeat(200), 20)), 19);
        assert_eq!(name("a\u{1b}b", 20), "a\\u{1b}b");
    }

    #[test]
    fn long_lines_are_wrapped() {
        assert_eq!(
            wrapped("0123456789ab\r\n\n\tx", 10),
            ["0123456789", "ab", "", "    x"]
        );
        assert_eq!(wrapped("日日日日日日", 11), ["日日日日日", "日"]);
        assert_eq!(wrapped("\u{1b}\u{1b}", 10), ["\\u{1b}", "\\u{1b}"]);
    }
}
