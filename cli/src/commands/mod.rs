//! One file a command: its arguments, what it does, what it prints.

pub(crate) mod ask;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod groups;
pub(crate) mod life;
pub(crate) mod load;
pub(crate) mod messages;
pub(crate) mod produce;
pub(crate) mod reindex;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod tail;
pub(crate) mod teach;
pub(crate) mod top;
pub(crate) mod topics;
pub(crate) mod up;
