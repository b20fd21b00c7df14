//! A line that the user types: what to find.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Typing {
    pub(super) what: Sought,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sought {
    /// In names, or in what records hold.
    Text,
    /// Records of which a jq expression is true.
    Where,
}

/// What a key does to the line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Typed {
    Nothing,
    Changed,
    /// It is as it is to be.
    Done,
    /// It is to be empty.
    Cleared,
}

/// As the consumer takes them.
const LENGTH_MAX: usize = 4096;

impl Typing {
    pub(super) fn press(&mut self, key: KeyEvent) -> Typed {
        match key.code {
            _ if key.kind == KeyEventKind::Release => Typed::Nothing,
            KeyCode::Enter => Typed::Done,
            KeyCode::Esc => Typed::Cleared,
            KeyCode::Backspace if self.text.pop().is_some() => Typed::Changed,
            KeyCode::Char(c) if is_letter(key) && self.text.len() + c.len_utf8() <= LENGTH_MAX => {
                self.text.push(c);
                Typed::Changed
            }
            _ => Typed::Nothing,
        }
    }
}

fn is_letter(key: KeyEvent) -> bool {
    key.modifiers.difference(KeyModifiers::SHIFT).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_a_line() {
        let mut typing = Typing {
            what: Sought::Text,
            text: String::new(),
        };
        let mut press = |code, modifiers| {
            let typed = typing.press(KeyEvent::new(code, modifiers));
            (typed, typing.text.clone())
        };
        let none = KeyModifiers::NONE;
        assert_eq!(press(KeyCode::Backspace, none).0, Typed::Nothing);
        press(KeyCode::Char('ö'), none);
        let shifted = press(KeyCode::Char('Q'), KeyModifiers::SHIFT);
        assert_eq!(shifted, (Typed::Changed, "öQ".to_owned()));
        let control = press(KeyCode::Char('a'), KeyModifiers::CONTROL);
        assert_eq!(control.0, Typed::Nothing);
        let erased = press(KeyCode::Backspace, none);
        assert_eq!(erased, (Typed::Changed, "ö".to_owned()));
        assert_eq!(press(KeyCode::Enter, none).0, Typed::Done);
        assert_eq!(press(KeyCode::Esc, none).0, Typed::Cleared);
    }
}
