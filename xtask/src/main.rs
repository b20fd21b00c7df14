//! Build steps that cargo alone cannot do: `cargo xtask <step>`.

mod model;
mod portal;
mod test;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Parser;

/// Build steps of the project, run as `cargo xtask <step>`
#[derive(Parser)]
enum Step {
    /// Build what the portal serves to browsers (WebAssembly, JavaScript, CSS) into <target dir>/site
    Portal,
    /// Fetch the seer's embedding model into the user's cache, if it is not there
    Model,
    /// Run the tests of one component, built as `make test` builds them
    Test {
        /// The component's folder, such as `producer`
        component: String,
        /// Arguments for the test programs, such as a filter
        #[arg(last = true)]
        args: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Step::parse() {
        Step::Portal => portal::build(),
        Step::Model => model::fetch(),
        Step::Test { component, args } => test::run(&component, &args),
    }
}

fn workspace_dir() -> anyhow::Result<PathBuf> {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let workspace = Path::new(&here).parent().map(Path::to_owned);
    workspace.context("xtask must lie in the workspace's folder")
}

/// One line for whoever waits for the build.
#[expect(clippy::print_stderr, reason = "a build step talks to the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}
