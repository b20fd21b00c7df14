//! `kafkloud life`: what became of messages: the way of one, or those that are where they should not be.

use std::time::Duration;

use clap::Args;
use contract::{
    MessageId, Stage, Timestamp,
    status::{LifeList, MessageLife, StageReached},
};

use crate::{
    Failure, Outcome,
    args::Context,
    http::Service,
    moment,
    output::{Output, Paint, duration_text, grouped, printable},
};

#[derive(Args, Debug)]
pub struct LifeArgs {
    /// The message's id, from its receipt; without it, messages are looked for
    id: Option<MessageId>,
    #[command(flatten)]
    search: SearchArgs,
}

#[derive(Args, Debug)]
#[group(id = "search", conflicts_with = "id", multiple = true)]
struct SearchArgs {
    /// Only messages that should have come further by now
    #[arg(long)]
    stuck: bool,
    /// How long a message may take, such as 90 (seconds) or 5m [default: 60]
    #[arg(long, value_name = "TIME", requires = "stuck", value_parser = moment::parse_duration)]
    after: Option<Duration>,
    /// The stage that it should have reached by then [default: indexed]
    #[arg(long, value_name = "STAGE", requires = "stuck")]
    reached: Option<Stage>,
    /// Only messages that are dead, or have an error on another rung
    #[arg(long)]
    failed: bool,
    /// Only messages of this topic
    #[arg(long, short, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only messages with exactly this key
    #[arg(long, short, value_name = "KEY")]
    key: Option<String>,
    /// Only messages that have come just so far: accepted, streamed, consumed, indexed or dead
    #[arg(long, short, value_name = "STAGE")]
    stage: Option<Stage>,
    /// Only messages with this in their key or error, in capital or small letters
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Only messages from this time on (2026-01-31T09:30:00Z), or of this age at most (15m, 2h)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Timestamp>,
    /// Only messages before this time
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    until: Option<Timestamp>,
    /// Messages to show, at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

/// What the consumer gives at once.
const PAGE_MAX: u64 = 100;
/// Of the bars of one life.
const BAR_WIDTH: u64 = 40;

pub(crate) async fn run(args: LifeArgs, context: &Context) -> Result<Outcome, Failure> {
    let consumer = Service::consumer(&context.endpoints)?;
    let output = &context.output;
    match args.id {
        Some(id) => {
            let life = consumer.get(&["status", &id.to_string()], &[]).await?;
            print_life(&life, output)?;
            Ok(Outcome::Done)
        }
        None => search(&args.search, &consumer, output).await,
    }
}

async fn search(
    args: &SearchArgs,
    consumer: &Service,
    output: &Output,
) -> Result<Outcome, Failure> {
    let parameters = args.parameters();
    let mut lives: Vec<MessageLife> = Vec::new();
    let total = loop {
        let left = args.limit - lives.len() as u64;
        let mut parameters = parameters.clone();
        parameters.push(("limit", left.min(PAGE_MAX).to_string()));
        parameters.extend(lives.last().map(|life| ("before", life.id.to_string())));
        let page: LifeList = consumer.get(&["lives"], &parameters).await?;
        let is_last = page.lives.is_empty();
        lives.extend(page.lives);
        if is_last || lives.len() as u64 >= args.limit {
            break page.total;
        }
    };
    print_list(&lives, output)?;
    if lives.is_empty() {
        output.hint("no message is like that");
        return Ok(Outcome::NotYet);
    }
    let shown = lives.len() as u64;
    if shown < total {
        output.hint(format!("{shown} of {}: raise --limit", grouped(total)));
    }
    Ok(Outcome::Done)
}

impl SearchArgs {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let flag = |given: bool| given.then(|| "true".to_owned());
        let after = self.after.map(|after| after.as_secs_f64().to_string());
        let given = [
            ("stuck", flag(self.stuck)),
            ("stuck_after", after),
            ("reached", self.reached.map(|stage| stage.to_string())),
            ("failed", flag(self.failed)),
            ("topic", self.topic.clone()),
            ("key", self.key.clone()),
            ("stage", self.stage.map(|stage| stage.to_string())),
            ("text", self.text.clone()),
            ("since", self.since.map(|time| time.to_string())),
            ("until", self.until.map(|time| time.to_string())),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

fn print_list(lives: &[MessageLife], output: &Output) -> Result<(), Failure> {
    if output.json {
        return lives.iter().try_for_each(|life| output.json_line(life));
    }
    if lives.is_empty() {
        return Ok(());
    }
    let rows = lives.iter().map(|life| {
        let first = life.stages.first().map(|reached| reached.at.to_string());
        let error = life
            .stages
            .iter()
            .find_map(|reached| reached.error.as_deref());
        vec![
            life.id.to_string(),
            printable(&place(life)),
            life.key
                .as_deref()
                .map_or_else(|| "-".to_owned(), printable),
            life.stage.to_string(),
            first.unwrap_or_else(|| "-".to_owned()),
            error.map(printable).unwrap_or_default(),
        ]
    });
    output.table(
        &["message", "record", "key", "stage", "since", "error"],
        rows,
    )
}

fn print_life(life: &MessageLife, output: &Output) -> Result<(), Failure> {
    if output.json {
        return output.json_line(life);
    }
    output.line(output.paint(Paint::Bold, &life.id.to_string()))?;
    output.line(format!("  record     {}", printable(&place(life))))?;
    if let Some(key) = &life.key {
        output.line(format!("  key        {}", printable(key)))?;
    }
    if let Some(trace_id) = &life.trace_id {
        output.line(format!("  trace      {trace_id}"))?;
    }
    let (Some(first), Some(last)) = (life.stages.first(), life.stages.last()) else {
        return Ok(());
    };
    let whole_us = last.at.micros_since(first.at);
    output.line(format!("  began      {}", first.at))?;
    output.line(format!("  took       {}", duration_text(whole_us)))?;
    output.line("")?;
    let mut before = first.at;
    for reached in &life.stages {
        let bar = bar(first.at, before, reached.at, whole_us);
        before = reached.at;
        output.line(stage_line(
            reached,
            &bar,
            reached.at.micros_since(first.at),
            output,
        ))?;
    }
    Ok(())
}

fn stage_line(reached: &StageReached, bar: &str, since_us: u64, output: &Output) -> String {
    let paint = match reached.error {
        Some(_) => Paint::Red,
        None if reached.stage == Stage::Dead => Paint::Red,
        None => Paint::Green,
    };
    let error = reached.error.as_deref();
    format!(
        "  {:<9} {:>10}  {}  {}{}",
        reached.stage,
        duration_text(since_us),
        output.paint(paint, bar),
        printable(&reached.component),
        error
            .map(|error| format!("  {}", printable(error)))
            .unwrap_or_default(),
    )
}

/// The part of the whole way from one moment to another, as a piece of a line.
fn bar(start: Timestamp, from: Timestamp, to: Timestamp, whole_us: u64) -> String {
    let column = |at: Timestamp| {
        let share = at.micros_since(start) * BAR_WIDTH;
        share.checked_div(whole_us).unwrap_or(0).min(BAR_WIDTH)
    };
    let (begin, end) = (column(from), column(to));
    // What is too short to be seen is still there.
    let begin = begin.min(BAR_WIDTH - 1);
    let end = end.max(begin + 1);
    let repeated = |text: &str, count: u64| text.repeat(usize::try_from(count).unwrap_or(0));
    let (before, after) = (repeated(" ", begin), repeated(" ", BAR_WIDTH - end));
    format!("{before}{}{after}", repeated("█", end - begin))
}

fn place(life: &MessageLife) -> String {
    format!("{}:{}:{}", life.topic, life.partition, life.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_the_share_of_a_step() {
        let at = |micros: i64| Timestamp::from_micros(1_000_000 + micros);
        let drawn = |from, to, whole| {
            let bar = bar(at(0), at(from), at(to), whole);
            assert_eq!(bar.chars().count(), 40, "{bar:?}");
            let begin = bar.chars().take_while(|c| *c == ' ').count();
            (begin, bar.matches('█').count())
        };
        assert_eq!(drawn(0, 0, 100), (0, 1));
        assert_eq!(drawn(0, 50, 100), (0, 20));
        assert_eq!(drawn(50, 100, 100), (20, 20));
        assert_eq!(drawn(100, 100, 100), (39, 1));
        assert_eq!(drawn(0, 0, 0), (0, 1));
    }
}
