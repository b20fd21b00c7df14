//! `kafkloud teach`: a statement for the seer.

use std::time::Duration;

use clap::Args;
use contract::Receipt;

use crate::{
    Failure, Outcome,
    args::Context,
    commands::{
        ask::given,
        produce::print_receipt,
        status::{self, Goal},
    },
    http::Service,
};

#[derive(Args, Debug)]
pub struct TeachArgs {
    /// The statement; `-` reads it from standard input
    statement: String,
    /// Wait until it can be asked about, at most this many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10")]
    wait: Option<u64>,
}

pub(crate) async fn run(args: TeachArgs, context: &Context) -> Result<Outcome, Failure> {
    let statement = given(args.statement)?;
    if statement.trim().is_empty() {
        return Err(Failure::usage(
            "there is nothing to learn: the statement is empty",
        ));
    }
    let seer = Service::seer(&context.endpoints)?;
    let request = seer
        .client
        .post(seer.url(&["accept"]))
        .header("content-type", "text/plain; charset=utf-8")
        .body(statement);
    let receipt: Receipt = seer.json(request).await?;
    print_receipt(&receipt, context)?;
    let Some(seconds) = args.wait else {
        return Ok(Outcome::Done);
    };
    let consumer = Service::consumer(&context.endpoints)?;
    let wait = Duration::from_secs(seconds);
    match status::life_of(&consumer, receipt.id, Goal::Indexed, wait).await? {
        Some(life) => {
            status::print_life(&life, Goal::Indexed, context)?;
            Ok(status::outcome_of(&life, Goal::Indexed))
        }
        None => Err(Failure::new(
            Outcome::NotYet,
            format!("it is in the log, but was not indexed within {seconds} s"),
        )),
    }
}
