//! `kafkloud produce`: one message, or one a line.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use contract::{Receipt, topic};
use uuid::Uuid;

use crate::{
    Failure, Outcome,
    args::Context,
    commands::status::{self, Goal},
    confirm::confirm,
    http::Service,
    ingest::{
        Format, FormatChoice, Progress, Source, Summary, Tally, Upload, is_json_document, push,
    },
    output::{Paint, duration_text, grouped, printable},
};

#[derive(Args, Debug)]
pub struct ProduceArgs {
    /// Topic to write to
    #[arg(default_value = topic::DEFAULT)]
    topic: String,
    /// The message. `-`, or none when standard input is no terminal: every line of standard input is one
    message: Option<String>,
    /// Send every line of this file
    #[arg(long, short, value_name = "FILE", conflicts_with = "message")]
    file: Option<PathBuf>,
    /// Key of every message
    #[arg(long, short, value_name = "KEY", conflicts_with = "key_field")]
    key: Option<String>,
    /// Field of each line that holds its key, such as order.id
    #[arg(long, value_name = "PATH")]
    key_field: Option<String>,
    /// Wait until the messages are consumed, at most this many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10")]
    wait: Option<u64>,
    /// The stage that --wait waits for
    #[arg(long, value_enum, default_value_t, requires = "wait")]
    stage: Goal,
    /// Sent again under the same key, a message (or line) keeps its id and counts once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// What the lines are
    #[arg(long, value_enum, default_value_t = FormatChoice::Auto)]
    format: FormatChoice,
    /// Begin at this line, to go on where an upload ended
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from_line: u64,
}

pub(crate) async fn run(args: ProduceArgs, context: &Context) -> Result<Outcome, Failure> {
    topic::validate_user(&args.topic).map_err(Failure::usage)?;
    let source = match (&args.file, args.message.as_deref()) {
        (Some(path), _) => Source::File(path.clone()),
        (None, Some("-")) => Source::Stdin,
        (None, Some(message)) => return one(&args, message, context).await,
        (None, None) if !io::stdin().is_terminal() => Source::Stdin,
        (None, None) => {
            return Err(Failure::usage(format!(
                "no message: give it after the topic (`kafkloud produce {} 'hello'`), or --file, or lines on standard input",
                args.topic
            )));
        }
    };
    lines(args, source, context).await
}

async fn one(args: &ProduceArgs, message: &str, context: &Context) -> Result<Outcome, Failure> {
    if args.key_field.is_some() {
        return Err(Failure::usage(
            "--key-field is for lines: give one message's key with --key",
        ));
    }
    let producer = Service::producer(&context.endpoints)?;
    let mut segments = vec!["produce", &args.topic];
    segments.extend(args.key.as_deref());
    let media_type = match args.format {
        FormatChoice::Auto if !is_json_document(message.as_bytes()) => "text/plain; charset=utf-8",
        FormatChoice::Text => "text/plain; charset=utf-8",
        FormatChoice::Auto | FormatChoice::Json => "application/json",
    };
    let mut request = producer
        .client
        .post(producer.url(&segments))
        .header("content-type", media_type)
        .body(message.to_owned());
    if let Some(key) = &args.idempotency_key {
        request = request.header("idempotency-key", key);
    }
    let receipt: Receipt = producer.json(request).await?;
    print_receipt(&receipt, context)?;
    let Some(seconds) = args.wait else {
        return Ok(Outcome::Done);
    };
    let consumer = Service::consumer(&context.endpoints)?;
    match status::life_of(
        &consumer,
        receipt.id,
        args.stage,
        Duration::from_secs(seconds),
    )
    .await?
    {
        Some(life) => {
            status::print_life(&life, args.stage, context)?;
            Ok(status::outcome_of(&life, args.stage))
        }
        None => Err(Failure::new(
            Outcome::NotYet,
            format!("acknowledged, but the consumer does not know it after {seconds} s"),
        )),
    }
}

pub(crate) fn print_receipt(receipt: &Receipt, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if output.json {
        return output.json_line(receipt);
    }
    if output.quiet {
        return output.line(receipt.id.to_string());
    }
    let Receipt {
        topic,
        partition,
        offset,
        ..
    } = receipt;
    output.line(format!(
        "{} {topic}:{partition}:{offset} in {}",
        output.paint(Paint::Green, "acked"),
        duration_text(receipt.took_us)
    ))?;
    output.line(format!("  id      {}", receipt.id))?;
    output.line(format!("  status  {}", receipt.status))
}

async fn lines(args: ProduceArgs, source: Source, context: &Context) -> Result<Outcome, Failure> {
    let output = &context.output;
    let stop = service::shutdown::on_signal();
    let upload = Upload {
        producer: Service::producer(&context.endpoints)?,
        topic: args.topic,
        format: Format::Text,
        key: args.key,
        key_field: args.key_field,
        idempotency_key: args
            .idempotency_key
            .unwrap_or_else(|| Uuid::now_v7().to_string()),
        stop: stop.clone(),
    };
    let format = match args.format {
        // Only JSON has fields.
        FormatChoice::Auto if upload.key_field.is_some() => FormatChoice::Json,
        format => format,
    };
    let tally = match args.wait {
        Some(_) => Tally::default().keeping_receipts(),
        None => Tally::default(),
    };
    let goal = args.stage;
    let idempotency_key = upload.idempotency_key.clone();
    let progress = Progress::new(output, source.bytes());
    let pushed = push(
        source,
        args.from_line,
        format,
        upload,
        tally,
        &progress,
        |outcome| match output.json {
            true => output.json_line(outcome),
            false => Ok(()),
        },
    )
    .await?;
    let ended_early = pushed.ended_early.is_some();
    let mut summary = pushed.tally.summary(pushed.elapsed, ended_early);
    let mut failure = pushed.ended_early;
    if pushed.tally.is_empty()
        && let Some(failure) = failure
    {
        return Err(failure);
    }
    if let (Some(seconds), Some(receipts)) = (args.wait, &pushed.tally.receipts) {
        let consumer = Service::consumer(&context.endpoints)?;
        let ids = receipts.iter().map(|receipt| receipt.id);
        // Whatever comes of it, the account of what was sent is given.
        tokio::select! {
            () = stop.cancelled() => {}
            confirmed = confirm(&consumer, ids, goal, Duration::from_secs(seconds)) => match confirmed {
                Ok(confirmed) if goal == Goal::Indexed => summary.indexed = Some(confirmed.reached),
                Ok(confirmed) => summary.consumed = Some(confirmed.reached),
                Err(error) => failure = failure.or(Some(error.into())),
            },
        }
    }
    print_summary(&summary, &pushed.tally, &idempotency_key, context)?;
    match (failure, summary.consumed.or(summary.indexed)) {
        (Some(failure), _) => Err(failure),
        _ if !pushed.tally.all_acked() => Ok(Outcome::Failed),
        (None, Some(reached)) if reached < summary.acked => Ok(Outcome::NotYet),
        _ => Ok(Outcome::Done),
    }
}

fn print_summary(
    summary: &Summary,
    tally: &Tally,
    idempotency_key: &str,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    if output.json {
        return output.json_line(&serde_json::json!({"summary": summary}));
    }
    let mut text = format!(
        "{} acked, {} failed",
        grouped(summary.acked),
        grouped(summary.failed)
    );
    if let Some(consumed) = summary.consumed {
        text.push_str(&format!(", {} consumed", grouped(consumed)));
    }
    if let Some(indexed) = summary.indexed {
        text.push_str(&format!(", {} indexed", grouped(indexed)));
    }
    output.line(format!(
        "{text} in {:.1} s ({}/s)",
        summary.seconds,
        grouped(summary.acked_per_second as u64)
    ))?;
    for (line, problem) in &tally.first_failures {
        let detail = printable(&problem.detail);
        output.warn(format!("  line {line}: {}: {detail}", problem.title));
    }
    let more = summary.failed - tally.first_failures.len() as u64;
    if more > 0 {
        output.warn(format!(
            "  and {} more; --json says every one",
            grouped(more)
        ));
    }
    if let (Some(first), Some(last)) = (summary.unknown.first(), summary.unknown.last()) {
        output.warn(format!(
            "  not answered: {} lines from {first} to {last}; they may be in the log or not",
            grouped(summary.unknown.len() as u64)
        ));
    }
    if let Some(line) = summary.next_line {
        output.warn(format!(
            "  to go on: the same command with --from-line {line} --idempotency-key {idempotency_key}; lines that were \
             written already keep their ids and count once"
        ));
    }
    Ok(())
}
