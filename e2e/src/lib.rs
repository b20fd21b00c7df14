//! What the end-to-end tests share: a real browser, what judges its pages, and waiting for a condition.

pub mod axe;
pub mod browser;
pub mod wait;
