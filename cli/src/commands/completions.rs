use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cli, Failure, Outcome, args::Context};

pub(crate) fn run(shell: Shell, context: &Context) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kafkloud", &mut script);
    context.output.bytes(script.trim_ascii_end())?;
    Ok(Outcome::Done)
}
