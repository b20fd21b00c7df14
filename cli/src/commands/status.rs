//! `kafkloud status`: the ladder of one message, or the stream in numbers.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use contract::{
    MessageId, Stage,
    status::{MessageLife, StatusSummary},
};

use crate::{
    Failure, Outcome,
    args::Context,
    http::{Service, ServiceError},
    output::{Paint, duration_text, grouped, printable},
};

#[derive(Args, Debug)]
pub struct StatusArgs {
    /// The message's id, from its receipt; without it, the whole stream in numbers
    id: Option<MessageId>,
    /// Wait until the message is consumed, at most this many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10", requires = "id")]
    wait: Option<u64>,
    /// The stage that is asked for
    #[arg(long, value_enum, default_value_t, requires = "id")]
    stage: Goal,
}

/// How far a message is to have come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Goal {
    /// The consumer has processed it
    #[default]
    Consumed,
    /// It can be asked about
    Indexed,
}

/// Below the time after which the consumer answers "not yet".
const WAIT_PER_REQUEST: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: StatusArgs, context: &Context) -> Result<Outcome, Failure> {
    let consumer = Service::consumer(&context.endpoints)?;
    let Some(id) = args.id else {
        return summary(&consumer, context).await;
    };
    let wait = Duration::from_secs(args.wait.unwrap_or(0));
    match life_of(&consumer, id, args.stage, wait).await? {
        Some(life) => {
            print_life(&life, args.stage, context)?;
            Ok(outcome_of(&life, args.stage))
        }
        None => Err(Failure::new(
            Outcome::NotYet,
            format!(
                "no message {id} is known: check the id, or add --wait if it was sent just now"
            ),
        )),
    }
}

/// The life of a message, asked for until it has come to its goal or `wait` is over; `None` while it is unknown.
pub(crate) async fn life_of(
    consumer: &Service,
    id: MessageId,
    goal: Goal,
    wait: Duration,
) -> Result<Option<MessageLife>, ServiceError> {
    let deadline = Instant::now() + wait;
    let id = id.to_string();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let seconds = left.min(WAIT_PER_REQUEST).as_secs_f64().ceil();
        let stage = ("stage", goal.stage().to_string());
        let query = [("wait", format!("{seconds:.0}")), stage];
        let query: &[_] = if left.is_zero() { &[] } else { &query };
        let life = match consumer.get::<MessageLife>(&["status", &id], query).await {
            Ok(life) => Some(life),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        if life.as_ref().is_some_and(|life| goal.is_met(life)) || left.is_zero() {
            return Ok(life);
        }
        // The consumer has waited itself, except where it is of another version.
        tokio::time::sleep(Duration::from_millis(50).min(left)).await;
    }
}

impl Goal {
    pub(crate) fn stage(self) -> Stage {
        match self {
            Self::Consumed => Stage::Consumed,
            Self::Indexed => Stage::Indexed,
        }
    }

    /// The message is there or dead: nothing more is waited for.
    pub(crate) fn is_met(self, life: &MessageLife) -> bool {
        life.has_reached(self.stage())
    }
}

pub(crate) fn outcome_of(life: &MessageLife, goal: Goal) -> Outcome {
    let is_refused = |stage| {
        let mut stages = life.stages.iter();
        stages.any(|reached| reached.stage == stage && reached.error.is_some())
    };
    match life.stage {
        Stage::Dead => Outcome::Failed,
        _ if goal == Goal::Indexed && is_refused(Stage::Indexed) => Outcome::Failed,
        _ if goal.is_met(life) => Outcome::Done,
        _ => Outcome::NotYet,
    }
}

pub(crate) fn print_life(life: &MessageLife, goal: Goal, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if output.json {
        return output.json_line(life);
    }
    output.line(output.paint(Paint::Bold, &life.id.to_string()))?;
    let place = format!("{}:{}:{}", life.topic, life.partition, life.offset);
    output.line(format!("  record     {place}"))?;
    if let Some(key) = &life.key {
        output.line(format!("  key        {}", printable(key)))?;
    }
    if let Some(trace_id) = &life.trace_id {
        output.line(format!("  trace      {trace_id}"))?;
    }
    for reached in &life.stages {
        let (mark, paint) = match reached.stage {
            Stage::Dead => ("✗", Paint::Red),
            Stage::Indexed if reached.error.is_some() => ("✗", Paint::Red),
            _ => ("✓", Paint::Green),
        };
        let took = duration_text(reached.took_us);
        output.line(format!(
            "  {} {:<10} {}  {:<10} {took:>10}{}",
            output.paint(paint, mark),
            reached.stage,
            reached.at,
            reached.component,
            reached
                .error
                .as_deref()
                .map(|error| format!("  {}", printable(error)))
                .unwrap_or_default(),
        ))?;
    }
    if !goal.is_met(life) {
        let missing = format!("not {} yet", goal.stage());
        output.line(format!("  · {}", output.paint(Paint::Dim, &missing)))?;
    }
    Ok(())
}

async fn summary(consumer: &Service, context: &Context) -> Result<Outcome, Failure> {
    let summary: StatusSummary = consumer.get(&["status"], &[]).await?;
    let output = &context.output;
    if output.json {
        output.json_line(&summary)?;
        return Ok(Outcome::Done);
    }
    let rows = summary.stages.iter().map(|(stage, &count)| {
        let rate = summary.rates.get(stage).copied().unwrap_or_default();
        vec![stage.to_string(), grouped(count), format!("{rate:.1}")]
    });
    output.table(&["stage", "messages", "per second"], rows)?;
    if !summary.lag.is_empty() {
        output.line("")?;
        let rows = summary
            .lag
            .iter()
            .map(|(group, lag)| vec![printable(group), lag.to_string()]);
        output.table(&["group", "lag"], rows)?;
    }
    Ok(Outcome::Done)
}
