//! Build steps that cargo alone cannot do: `cargo xtask <step>`.

mod model;
mod portal;

use clap::Parser;

/// Build steps of the project, run as `cargo xtask <step>`
#[derive(Parser)]
enum Step {
    /// Build what the portal serves to browsers (WebAssembly, JavaScript, CSS) into <target dir>/site
    Portal,
    /// Fetch the seer's embedding model into the user's cache, if it is not there
    Model,
}

fn main() -> anyhow::Result<()> {
    match Step::parse() {
        Step::Portal => portal::build(),
        Step::Model => model::fetch(),
    }
}

/// One line for whoever waits for the build.
#[expect(clippy::print_stderr, reason = "a build step talks to the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}
