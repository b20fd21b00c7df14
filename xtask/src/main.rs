//! Build steps that cargo alone cannot do: `cargo xtask portal`.

mod portal;

use clap::Parser;

/// Build steps of the project, run as `cargo xtask <step>`
#[derive(Parser)]
enum Step {
    /// Build what the portal serves to browsers (WebAssembly, JavaScript, CSS) into <target dir>/site
    Portal,
}

fn main() -> anyhow::Result<()> {
    match Step::parse() {
        Step::Portal => portal::build(),
    }
}
