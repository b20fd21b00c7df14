//! `kafkloud top`: the running platform on a full screen.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use clap::Args;

use crate::{
    Failure, Outcome,
    args::Context,
    http::Service,
    top::{self, Sources, Theme},
};

#[derive(Args, Debug)]
pub struct TopArgs {
    /// How often the services are asked, such as 500ms or 5s
    #[arg(long, short, value_name = "TIME", default_value = "1s", value_parser = parse_interval)]
    interval: Duration,
}

/// More often, the figures would say more about the asking than about the stream.
const INTERVAL_MIN: Duration = Duration::from_millis(100);
/// More rarely, one would take it for a standstill.
const INTERVAL_MAX: Duration = Duration::from_secs(60);

pub(crate) async fn run(args: TopArgs, context: &Context) -> Result<Outcome, Failure> {
    let endpoints = &context.endpoints;
    if context.output.json || !io::stdin().is_terminal() || !context.output.terminal {
        return Err(Failure::usage(
            "`kafkloud top` fills the screen of a terminal, and there is none: for programs, \
             `kafkloud status --json` and `kafkloud topics list --json` tell the same",
        ));
    }
    let sources = Sources {
        producer: Service::producer(endpoints)?,
        consumer: Service::consumer(endpoints)?,
        seer: Service::seer(endpoints)?,
    };
    let has_colours = context.output.colours;
    top::run(sources, args.interval, Theme { has_colours }).await?;
    Ok(Outcome::Done)
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = humantime::parse_duration(text);
    interval
        .ok()
        .filter(|interval| (INTERVAL_MIN..=INTERVAL_MAX).contains(interval))
        .ok_or_else(|| "give a time from 100ms to 60s, such as 500ms or 5s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        assert_eq!(parse_interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_interval("1m"), Ok(INTERVAL_MAX));
        for text in ["1", "0s", "99ms", "2m", "soon"] {
            assert!(parse_interval(text).is_err(), "{text}");
        }
    }
}
