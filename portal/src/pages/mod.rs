//! One file per page.

pub(crate) mod about;
pub(crate) mod message;
pub(crate) mod not_found;
pub(crate) mod round_trip;
pub(crate) mod seer;
