//! `kafkloud reindex`: the seer's index is rebuilt from the log.

use std::time::Duration;

use clap::Args;
use contract::seer::{IndexState, ReindexProgress};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;

use crate::{
    Failure, Outcome,
    args::Context,
    http::{Service, ServiceError},
    output::{Output, Paint, grouped},
};

#[derive(Args, Debug)]
pub struct ReindexArgs {
    /// Only begin it; `kafkloud reindex` later shows how far it is
    #[arg(long)]
    no_wait: bool,
}

const POLL_INTERVAL: Duration = Duration::from_millis(200);
const BAR: &str =
    "{bar:30} {percent:>3} %  {human_pos} of {human_len} records  {per_sec}, {eta} left";

pub(crate) async fn run(args: ReindexArgs, context: &Context) -> Result<Outcome, Failure> {
    let seer = Service::seer(&context.endpoints)?;
    let output = &context.output;
    let question = seer.client.post(seer.url(&["reindex"]));
    match seer.send(question).await {
        Ok(_) => {}
        // Somebody has begun it already: it is followed all the same.
        Err(ServiceError::Problem(problem)) if problem.status == StatusCode::CONFLICT => {
            output.hint(problem.detail);
        }
        Err(error) => return Err(error.into()),
    }
    if args.no_wait {
        if output.json {
            output.json_line(&index(&seer).await?)?;
        } else {
            output.line(
                "begun; answers come from the index as it is until the new one is complete",
            )?;
        }
        return Ok(Outcome::Done);
    }
    let state = follow(&seer, output).await?;
    if output.json {
        output.json_line(&state)?;
    }
    match &state.reindex {
        Some(ReindexProgress {
            error: Some(error), ..
        }) => Err(Failure::new(
            Outcome::Failed,
            format!("given up: {error}. Answers come from the index as it was"),
        )),
        _ if output.json => Ok(Outcome::Done),
        _ => {
            let complete = output.paint(Paint::Green, "rebuilt");
            let points = grouped(state.points);
            output.line(format!(
                "{complete}: {points} points in {} with {}",
                state.collection, state.model
            ))?;
            Ok(Outcome::Done)
        }
    }
}

/// The state of the index once the rebuilding has ended in any way.
async fn follow(seer: &Service, output: &Output) -> Result<IndexState, Failure> {
    let bar = if output.shows_progress() {
        // Only a mistake in the template fails; then the plain bar is shown.
        let style = ProgressStyle::with_template(BAR);
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    } else {
        ProgressBar::hidden()
    };
    loop {
        let state = match index(seer).await {
            Ok(state) => state,
            Err(error) if error.is_temporary() && !matches!(error, ServiceError::Absent(_)) => {
                tokio::time::sleep(POLL_INTERVAL).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match &state.reindex {
            Some(progress) if !progress.finished && progress.error.is_none() => {
                bar.set_length(progress.records_total.max(progress.records_done));
                bar.set_position(progress.records_done);
            }
            _ => {
                bar.finish_and_clear();
                return Ok(state);
            }
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn index(seer: &Service) -> Result<IndexState, ServiceError> {
    seer.get(&["index"], &[]).await
}
