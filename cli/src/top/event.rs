//! What comes in, and what is to be done about it: the app itself touches neither network nor terminal.

use std::time::Instant;

use contract::{
    MessageId, Readiness,
    cluster::{GroupView, TopicView},
    seer::IndexState,
    status::{MessageLife, StatusSummary},
};
use crossterm::event::KeyEvent;

use super::tail::{Heard, Wanted};
use crate::up::Part;

#[derive(Debug)]
pub(super) enum Event {
    Key(KeyEvent),
    /// The terminal has another size; whoever draws asks for it.
    Resized,
    /// A service answered, or did not.
    Answered {
        at: Instant,
        answer: Answer,
    },
    /// Of the live stream with this number.
    Tail {
        generation: u64,
        heard: Heard,
    },
    Life {
        id: MessageId,
        life: Result<Option<MessageLife>, String>,
    },
}

/// Each as a result, or the reason why there is none.
#[derive(Debug)]
pub(super) enum Answer {
    Readiness(Part, Result<Readiness, String>),
    Summary(Result<StatusSummary, String>),
    Topics(Result<Vec<TopicView>, String>),
    Groups(Result<Vec<GroupView>, String>),
    Index(Option<IndexState>),
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Effect {
    /// Open a live stream, instead of the one there is.
    Follow {
        generation: u64,
        wanted: Wanted,
    },
    AskLife(MessageId),
    /// Draw everything anew.
    Repaint,
    Quit,
}
