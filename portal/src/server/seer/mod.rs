//! `/seer` and `/api/seer/…`: the seer's answers, on a page and for it.

pub(crate) mod ask;
pub(crate) mod index;
pub(crate) mod load;
mod page;
pub(crate) mod teach;

pub(crate) use index::describe;
pub(crate) use page::{page, submit};
