//! Which key does what, in one place for those who press and those who read.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{app::Screen, typing::Sought};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Quit,
    Help,
    Repaint,
    NextView,
    PreviousView,
    View(Screen),
    Walk(Step),
    Enter,
    Back,
    Find(Sought),
    Sort,
    Reverse,
    Internal,
    Pause,
    AllTopics,
    Format,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

/// Keys, and what they do in a word or two.
pub(super) struct Hint(pub(super) &'static str, pub(super) &'static str);

/// At the bottom of every screen, whatever else there is no room for.
pub(super) const ALWAYS: [Hint; 2] = [Hint("?", "help"), Hint("q", "quit")];

/// While a filter is typed.
pub(super) const TYPING: [Hint; 2] = [Hint("Enter", "keep"), Hint("Esc", "clear")];

/// For the help of every screen.
pub(super) const EVERYWHERE: [Hint; 8] = [
    Hint("↑ ↓  j k", "move"),
    Hint("PgUp PgDn", "move by a screen"),
    Hint("Home End  g G", "first, last"),
    Hint("Enter", "look closer"),
    Hint("Esc Backspace", "go back"),
    Hint("Tab  1 2 3 4", "next view, or that one"),
    Hint("Ctrl-L", "paint anew"),
    Hint("q Ctrl-C", "quit"),
];

/// What a key does on a screen.
pub(super) fn action(screen: Screen, key: KeyEvent) -> Option<Action> {
    // Some terminals tell when a key is let go, too.
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Action::Quit),
            KeyCode::Char('l') => Some(Action::Repaint),
            KeyCode::Char('b' | 'u') => Some(Action::Walk(Step::PageUp)),
            KeyCode::Char('f' | 'd') => Some(Action::Walk(Step::PageDown)),
            // What terminals send for Backspace.
            KeyCode::Char('h') => Some(Action::Back),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Char('?') => Action::Help,
        KeyCode::Tab => Action::NextView,
        KeyCode::BackTab => Action::PreviousView,
        KeyCode::Char('1') => Action::View(Screen::Topics),
        KeyCode::Char('2') => Action::View(Screen::Groups),
        KeyCode::Char('3') => Action::View(Screen::Flow),
        KeyCode::Char('4') => Action::View(Screen::Tail),
        KeyCode::Up | KeyCode::Char('k') => Action::Walk(Step::Up),
        KeyCode::Down | KeyCode::Char('j') => Action::Walk(Step::Down),
        KeyCode::PageUp => Action::Walk(Step::PageUp),
        KeyCode::PageDown => Action::Walk(Step::PageDown),
        KeyCode::Home | KeyCode::Char('g') => Action::Walk(Step::First),
        KeyCode::End | KeyCode::Char('G') => Action::Walk(Step::Last),
        KeyCode::Enter => Action::Enter,
        KeyCode::Esc | KeyCode::Backspace => Action::Back,
        code => return of_screen(screen, code),
    })
}

fn of_screen(screen: Screen, code: KeyCode) -> Option<Action> {
    let KeyCode::Char(c) = code else {
        return None;
    };
    match (screen, c) {
        (Screen::Topics | Screen::Groups | Screen::Partitions | Screen::Tail, '/') => {
            Some(Action::Find(Sought::Text))
        }
        (Screen::Topics | Screen::Groups | Screen::Partitions, 's') => Some(Action::Sort),
        (Screen::Topics | Screen::Groups | Screen::Partitions, 'r') => Some(Action::Reverse),
        (Screen::Topics, 'i') => Some(Action::Internal),
        (Screen::Tail, ' ') => Some(Action::Pause),
        (Screen::Tail, 'w') => Some(Action::Find(Sought::Where)),
        (Screen::Tail, 'a') => Some(Action::AllTopics),
        (Screen::Message, 'v') => Some(Action::Format),
        _ => None,
    }
}

/// What can be done on a screen, the most useful first.
pub(super) fn hints(screen: Screen) -> &'static [Hint] {
    match screen {
        Screen::Topics => &[
            Hint("↑↓", "move"),
            Hint("Enter", "tail"),
            Hint("/", "find"),
            Hint("s r", "sort"),
            Hint("i", "internal"),
            Hint("Tab", "view"),
        ],
        Screen::Groups => &[
            Hint("↑↓", "move"),
            Hint("Enter", "lag by partition"),
            Hint("/", "find"),
            Hint("s r", "sort"),
            Hint("Tab", "view"),
        ],
        Screen::Partitions => &[
            Hint("↑↓", "move"),
            Hint("/", "find"),
            Hint("s r", "sort"),
            Hint("Esc", "back"),
            Hint("Tab", "view"),
        ],
        Screen::Flow => &[Hint("Tab", "view")],
        Screen::Tail => &[
            Hint("↑↓ Enter", "open"),
            Hint("Space", "pause"),
            Hint("/", "find"),
            Hint("w", "where"),
            Hint("Esc", "back"),
            Hint("Tab", "view"),
        ],
        Screen::Message => &[
            Hint("↑↓", "scroll"),
            Hint("v", "JSON, text, hex"),
            Hint("Esc", "back"),
            Hint("Tab", "view"),
        ],
    }
}

/// The keys of a screen for its help, in more words.
pub(super) fn help(screen: Screen) -> &'static [Hint] {
    match screen {
        Screen::Topics => &[
            Hint("Enter", "tail: the last records, and new ones"),
            Hint("/", "only names with this text"),
            Hint("s", "sort by the next column"),
            Hint("r", "reverse the order"),
            Hint("i", "show or hide internal topics"),
        ],
        Screen::Groups => &[
            Hint("Enter", "lag of each partition"),
            Hint("/", "only names with this text"),
            Hint("s", "sort by the next column"),
            Hint("r", "reverse the order"),
        ],
        Screen::Partitions => &[
            Hint("/", "only topics with this text"),
            Hint("s", "sort by the next column"),
            Hint("r", "reverse the order"),
        ],
        Screen::Flow => &[],
        Screen::Tail => &[
            Hint("Enter", "the message: value, headers, life"),
            Hint("Space", "pause, go on (moving pauses too)"),
            Hint("End G", "go on with the newest"),
            Hint("/", "only records with this text"),
            Hint("w", "only records of which this jq is true:"),
            Hint("", ".value.total > 100"),
            Hint("a", "all topics of users"),
        ],
        Screen::Message => &[Hint("v", "value as JSON, text or hex")],
    }
}
