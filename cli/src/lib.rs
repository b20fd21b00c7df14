//! `kafkloud`: the whole platform in one process, and everything a user does with it from a shell.

mod args;
mod body;
mod commands;
mod confirm;
mod consent;
mod endpoints;
mod exit;
mod feed;
mod filter;
mod http;
mod ingest;
mod moment;
mod output;
mod record;
mod selection;
mod sse;
mod top;
pub mod up;

use std::process::ExitCode;

pub use args::{Cli, Command, GlobalArgs};
pub use exit::{Failure, Outcome};

use crate::{
    args::Context,
    commands::{
        ask, completions, demo, groups, life, load, messages, produce, reindex, search, status,
        tail, teach, topics,
    },
};

/// Does what the command line asks, and says how it went as the process's exit code.
pub fn run(cli: Cli) -> ExitCode {
    let json = cli.global.json;
    let done = Context::new(cli.global).and_then(|context| block_on(cli.command, &context));
    done.unwrap_or_else(|failure| {
        failure.report(json);
        failure.outcome
    })
    .into()
}

fn block_on(command: Command, context: &Context) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Up(args) => commands::up::run(args, context).await,
            Command::Produce(args) => produce::run(args, context).await,
            Command::Tail(args) => tail::run(args, context).await,
            Command::Messages(args) => messages::run(args, context).await,
            Command::Status(args) => status::run(args, context).await,
            Command::Life(args) => life::run(args, context).await,
            Command::Ask(args) => ask::run(args, context).await,
            Command::Search(args) => search::run(args, context).await,
            Command::Teach(args) => teach::run(args, context).await,
            Command::Load(args) => load::run(args, context).await,
            Command::Reindex(args) => reindex::run(args, context).await,
            Command::Top(args) => commands::top::run(args, context).await,
            Command::Topics(args) => topics::run(args, context).await,
            Command::Groups(args) => groups::run(args, context).await,
            Command::Demo(args) => demo::run(args, context).await,
            Command::Completions { shell } => completions::run(shell, context),
        }
    });
    // A thread that reads standard input cannot be interrupted; the process must end all the same.
    runtime.shutdown_background();
    outcome
}
