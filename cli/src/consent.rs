//! Whether the user means what cannot be taken back.

use std::io::{self, BufRead, IsTerminal};

use crate::{Failure, Outcome, output::Output};

/// Says what is about to happen and has the name of its object typed. Where nobody can be asked, `--yes` has to be given.
pub(crate) fn ask(consequence: &str, name: &str, output: &Output) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "{consequence}: add --yes to do it without being asked"
        )));
    }
    output.warn(format!("{consequence}. Type {name} to go on:"));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == name {
        Ok(())
    } else {
        Err(Failure::new(
            Outcome::Failed,
            "that is another name; nothing was changed",
        ))
    }
}
