//! `kafkloud messages`: old records, looked for page by page.

use clap::Args;
use contract::{Position, record::RecordPage, topic};

use crate::{
    Failure, Outcome,
    args::Context,
    http::Service,
    moment,
    output::{Output, grouped, printable},
    record::Format,
    selection::{self, Selection},
};

#[derive(Args, Debug)]
pub struct MessagesArgs {
    /// Topic to look in; may be given many times [default: all of users]
    #[arg(long, short, value_name = "TOPIC")]
    topic: Vec<String>,
    /// Only this partition of each topic
    #[arg(long, short, value_name = "N")]
    partition: Option<u32>,
    /// From here on: earliest, an offset, a time (2026-01-31T09:30:00Z), or an age (15m, 2h)
    #[arg(long, value_name = "POSITION", default_value = "earliest", value_parser = moment::parse_position)]
    from: Position,
    /// Before this place
    #[arg(long, value_name = "POSITION", default_value = "latest", value_parser = moment::parse_position)]
    until: Position,
    #[command(flatten)]
    selection: Selection,
    /// Only messages with exactly this key
    #[arg(long, short, value_name = "KEY")]
    key: Option<String>,
    /// The oldest first, instead of the newest
    #[arg(long)]
    oldest: bool,
    /// Messages to show, at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// What to print of each
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What the consumer gives at once.
const PAGE_MAX: u64 = 500;

pub(crate) async fn run(args: MessagesArgs, context: &Context) -> Result<Outcome, Failure> {
    for name in &args.topic {
        topic::validate(name).map_err(Failure::usage)?;
    }
    let consumer = Service::consumer(&context.endpoints)?;
    let output = &context.output;
    let parameters = parameters(&args);
    let (mut left, mut scanned, mut failed) = (args.limit, 0, 0);
    let mut error = None;
    let mut cursor: Option<String> = None;
    loop {
        let mut parameters = parameters.clone();
        parameters.push(("limit", left.min(PAGE_MAX).to_string()));
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: Result<RecordPage, _> = consumer.get(&["messages"], &parameters).await;
        let page = page.map_err(selection::failure)?;
        for record in &page.records {
            args.format.print(record, output)?;
        }
        left = left.saturating_sub(page.records.len() as u64);
        scanned += page.scanned;
        failed += page.failed;
        error = page.error.or(error);
        cursor = page.next;
        if left == 0 || cursor.is_none() {
            break;
        }
        if output.shows_progress() {
            output.hint(format!("looked at {} messages so far", grouped(scanned)));
        }
    }
    let shown = args.limit - left;
    tell_rest(shown, scanned, cursor.is_some(), output);
    if let Some(error) = error {
        let error = printable(&error);
        output.warn(format!(
            "--where cannot be evaluated on {failed} of them: {error}"
        ));
    }
    Ok(if shown == 0 {
        Outcome::NotYet
    } else {
        Outcome::Done
    })
}

fn parameters(args: &MessagesArgs) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("from", args.from.to_string()),
        ("until", args.until.to_string()),
        (
            "order",
            if args.oldest { "oldest" } else { "newest" }.to_owned(),
        ),
    ];
    if !args.topic.is_empty() {
        parameters.push(("topics", args.topic.join(",")));
    }
    let given = [
        ("partition", args.partition.map(|number| number.to_string())),
        ("key", args.key.clone()),
    ];
    parameters.extend(
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    parameters.extend(args.selection.parameters());
    parameters
}

fn tell_rest(shown: u64, scanned: u64, has_more: bool, output: &Output) {
    let looked = format!("looked at {} messages", grouped(scanned));
    match (shown, has_more) {
        (0, _) => output.hint(format!("nothing was found; {looked}")),
        (_, true) => output.hint(format!("there may be more: raise --limit; {looked}")),
        (_, false) => output.hint(looked),
    }
}
