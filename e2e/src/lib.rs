//! What the end-to-end tests share: a real browser, what judges its pages, a real Kafka, and waiting for a condition.

pub mod apache_kafka;
pub mod axe;
pub mod browser;
pub mod wait;

use std::path::PathBuf;

use anyhow::Context;

/// One of our own programs, which cargo puts into the folder above that of their tests.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.ancestors().nth(2);
    Ok(folder.context("the tests lie somewhere")?.join(name))
}
