//! Everything that the screen shows, and how it changes: a function of what is there and what comes in.

use std::time::Instant;

use crossterm::event::{KeyEvent, KeyModifiers};

use super::{
    cursor::Cursor,
    event::{Answer, Effect, Event},
    flow::Flow,
    groups::Groups,
    health::Parts,
    keys::{self, Action, Step},
    listing::{Listing, Row},
    message::Message,
    tail::{Connection, Tail, Wanted},
    topics::Topics,
    typing::{Sought, Typed, Typing},
};

pub(super) struct App {
    pub(super) screen: Screen,
    pub(super) shows_help: bool,
    /// Where keys go while there is one: a filter of the screen.
    pub(super) typing: Option<Typing>,
    /// When something was heard of last, as far as this app knows the time.
    pub(super) now: Option<Instant>,
    pub(super) parts: Parts,
    pub(super) flow: Flow,
    pub(super) topics: Topics,
    pub(super) groups: Groups,
    pub(super) tail: Tail,
    /// What was looked at closely last.
    pub(super) message: Option<Message>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Screen {
    Topics,
    Groups,
    /// Of one group.
    Partitions,
    Flow,
    Tail,
    /// A record of the tail.
    Message,
}

/// The views that Tab goes through.
pub(super) const VIEWS: [Screen; 4] = [Screen::Topics, Screen::Groups, Screen::Flow, Screen::Tail];

impl Screen {
    /// The view that it belongs to.
    pub(super) fn view(self) -> Self {
        match self {
            Self::Partitions => Self::Groups,
            Self::Message => Self::Tail,
            view => view,
        }
    }

    fn next(self, step: usize) -> Self {
        let place = VIEWS.iter().position(|&view| view == self.view());
        VIEWS[(place.unwrap_or(0) + step) % VIEWS.len()]
    }
}

impl App {
    pub(super) fn new() -> Self {
        Self {
            screen: Screen::Topics,
            shows_help: false,
            typing: None,
            now: None,
            parts: Parts::default(),
            flow: Flow::default(),
            topics: Topics::new(),
            groups: Groups::new(),
            tail: Tail::new(),
            message: None,
        }
    }

    pub(super) fn update(&mut self, event: Event) -> Option<Effect> {
        match event {
            Event::Key(key) => return self.press(key),
            Event::Resized => {}
            Event::Answered { at, answer } => {
                self.now = Some(at);
                return self.hear(at, answer);
            }
            Event::Tail { generation, heard } => self.tail.hear(generation, heard),
            Event::Life { id, life } => {
                if let Some(message) = &mut self.message {
                    message.hear(id, life);
                }
            }
        }
        None
    }

    fn hear(&mut self, at: Instant, answer: Answer) -> Option<Effect> {
        match answer {
            Answer::Readiness(part, readiness) => self.parts.hear(part, readiness),
            Answer::Topics(topics) => self.topics.hear(at, topics),
            Answer::Groups(groups) => self.groups.hear(at, groups),
            Answer::Index(index) => self.flow.index = index,
            Answer::Summary(summary) => {
                self.flow.hear(at, summary);
                // Once in every round of questions, as long as the message is looked at.
                let message = self.message.as_ref();
                let message = message.filter(|message| message.is_climbing());
                let is_seen = self.screen == Screen::Message;
                return message
                    .filter(|_| is_seen)
                    .map(|message| Effect::AskLife(message.record.id));
            }
        }
        None
    }

    fn press(&mut self, key: KeyEvent) -> Option<Effect> {
        let action = keys::action(self.screen, key);
        let leaves = key.modifiers.contains(KeyModifiers::CONTROL) && action == Some(Action::Quit);
        if leaves {
            return Some(Effect::Quit);
        }
        if self.typing.is_some() {
            return self.type_in(key);
        }
        let action = action?;
        if std::mem::take(&mut self.shows_help) && action != Action::Repaint {
            return None;
        }
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Repaint => return Some(Effect::Repaint),
            Action::Help => self.shows_help = true,
            Action::NextView => return self.show(self.screen.next(1)),
            Action::PreviousView => return self.show(self.screen.next(VIEWS.len() - 1)),
            Action::View(view) => return self.show(view),
            Action::Walk(step) => self.walk(step),
            Action::Enter => return self.enter(),
            Action::Back => self.go_back(),
            Action::Find(what) => {
                let text = self.filter(what).to_owned();
                self.typing = Some(Typing { what, text });
            }
            Action::Sort => self.sort(true),
            Action::Reverse => self.sort(false),
            Action::Internal => {
                let shows = !self.topics.shows_internal();
                self.topics.show_internal(shows);
            }
            Action::Pause => self.tail.pause_or_resume(),
            Action::AllTopics => {
                let selection = self.tail.wanted().selection.clone();
                let topic = None;
                return Some(self.follow(Wanted { topic, selection }));
            }
            Action::Format => {
                if let Some(message) = &mut self.message {
                    message.change_format();
                }
            }
        }
        None
    }

    fn show(&mut self, view: Screen) -> Option<Effect> {
        self.screen = view;
        let first_look = view == Screen::Tail && *self.tail.connection() == Connection::None;
        first_look.then(|| self.follow(Wanted::default()))
    }

    fn enter(&mut self) -> Option<Effect> {
        match self.screen {
            Screen::Topics => {
                let topic = Some(self.topics.chosen()?.to_owned());
                let selection = Default::default();
                self.screen = Screen::Tail;
                Some(self.follow(Wanted { topic, selection }))
            }
            Screen::Groups => {
                if self.groups.open_chosen() {
                    self.screen = Screen::Partitions;
                }
                None
            }
            Screen::Tail => {
                let record = self.tail.take_chosen()?;
                let id = record.id;
                self.message = Some(Message::new(record));
                self.screen = Screen::Message;
                Some(Effect::AskLife(id))
            }
            Screen::Partitions | Screen::Flow | Screen::Message => None,
        }
    }

    fn go_back(&mut self) {
        match self.screen {
            Screen::Partitions => self.screen = Screen::Groups,
            Screen::Message => self.screen = Screen::Tail,
            Screen::Tail => self.screen = Screen::Topics,
            // There is nothing behind it: what goes is the filter.
            Screen::Topics | Screen::Groups | Screen::Flow => self.filter_list(""),
        }
    }

    fn follow(&mut self, wanted: Wanted) -> Effect {
        let generation = self.tail.open(wanted.clone());
        Effect::Follow { generation, wanted }
    }

    fn walk(&mut self, step: Step) {
        let walk = match step {
            Step::Up => Cursor::up,
            Step::Down => Cursor::down,
            Step::PageUp => Cursor::page_up,
            Step::PageDown => Cursor::page_down,
            Step::First => Cursor::first,
            Step::Last => Cursor::last,
        };
        match self.screen {
            Screen::Topics => self.topics.list.walk(walk),
            Screen::Groups => self.groups.list.walk(walk),
            Screen::Partitions => self.groups.partitions.walk(walk),
            Screen::Flow => {}
            Screen::Tail if step == Step::Last => self.tail.resume(),
            Screen::Tail => self.tail.walk(walk),
            Screen::Message => {
                if let Some(message) = &mut self.message {
                    scroll(message, step);
                }
            }
        }
    }

    fn sort(&mut self, by_next: bool) {
        fn sort(list: &mut Listing<impl Row>, by_next: bool) {
            if by_next {
                list.sort_by_next();
            } else {
                list.reverse();
            }
        }
        match self.screen {
            Screen::Topics => sort(&mut self.topics.list, by_next),
            Screen::Groups => sort(&mut self.groups.list, by_next),
            Screen::Partitions => sort(&mut self.groups.partitions, by_next),
            Screen::Flow | Screen::Tail | Screen::Message => {}
        }
    }

    fn type_in(&mut self, key: KeyEvent) -> Option<Effect> {
        let typing = self.typing.as_mut()?;
        let typed = typing.press(key);
        if typed == Typed::Cleared {
            typing.text.clear();
        }
        let now = typing.clone();
        let has_ended = matches!(typed, Typed::Done | Typed::Cleared);
        if has_ended {
            self.typing = None;
        }
        match self.screen {
            // The consumer looks for them, so it is told once what for.
            Screen::Tail if has_ended => self.filter_tail(now),
            Screen::Tail => None,
            _ => {
                self.filter_list(&now.text);
                None
            }
        }
    }

    fn filter_tail(&mut self, typed: Typing) -> Option<Effect> {
        if self.filter(typed.what) == typed.text {
            return None;
        }
        let mut wanted = self.tail.wanted().clone();
        let given = Some(typed.text).filter(|text| !text.trim().is_empty());
        match typed.what {
            Sought::Text => wanted.selection.text = given,
            Sought::Where => wanted.selection.expression = given,
        }
        Some(self.follow(wanted))
    }

    fn filter_list(&mut self, filter: &str) {
        match self.screen {
            Screen::Topics => self.topics.list.set_filter(filter),
            Screen::Groups => self.groups.list.set_filter(filter),
            Screen::Partitions => self.groups.partitions.set_filter(filter),
            Screen::Flow | Screen::Tail | Screen::Message => {}
        }
    }

    /// A filter of the present screen; empty where there is none.
    pub(super) fn filter(&self, what: Sought) -> &str {
        let selection = &self.tail.wanted().selection;
        match (self.screen, what) {
            (Screen::Topics, Sought::Text) => self.topics.list.filter(),
            (Screen::Groups, Sought::Text) => self.groups.list.filter(),
            (Screen::Partitions, Sought::Text) => self.groups.partitions.filter(),
            (Screen::Tail, Sought::Text) => selection.text.as_deref().unwrap_or_default(),
            (Screen::Tail, Sought::Where) => selection.expression.as_deref().unwrap_or_default(),
            _ => "",
        }
    }
}

fn scroll(message: &mut Message, step: Step) {
    let page = message.page();
    match step {
        Step::Up => message.scroll_by(-1),
        Step::Down => message.scroll_by(1),
        Step::PageUp => message.scroll_by(-page),
        Step::PageDown => message.scroll_by(page),
        Step::First => message.scroll_by(isize::MIN),
        Step::Last => message.scroll_to_end(),
    }
}

#[cfg(test)]
mod tests;
