//! What the end-to-end tests share: a real browser, and waiting for a condition.

pub mod browser;
pub mod wait;
