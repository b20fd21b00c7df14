//! `kafkloud search`: what the seer retrieves, and why.

use clap::{Args, ValueEnum};
use contract::seer::{Rank, SearchHit, SearchMode, SearchResults};

use crate::{
    Failure, Outcome,
    args::Context,
    commands::ask::given,
    filter::FilterArgs,
    http::Service,
    output::{Output, Paint, printable},
};

#[derive(Args, Debug)]
pub struct SearchArgs {
    /// What to look for; `-` reads it from standard input
    query: String,
    /// How to look
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
enum Mode {
    /// By meaning and by words, the ranks fused
    #[default]
    Hybrid,
    /// By meaning
    Dense,
    /// By words
    Sparse,
}

pub(crate) async fn run(args: SearchArgs, context: &Context) -> Result<Outcome, Failure> {
    args.filter.validate()?;
    let query = given(args.query)?;
    if query.trim().is_empty() {
        return Err(Failure::usage("there is nothing to look for"));
    }
    let mode = match args.mode {
        Mode::Hybrid => SearchMode::Hybrid,
        Mode::Dense => SearchMode::Dense,
        Mode::Sparse => SearchMode::Sparse,
    };
    let mut parameters = vec![
        ("q", query),
        ("mode", mode.name().to_owned()),
        ("top_k", args.filter.top_k.to_string()),
    ];
    let moments = [("since", args.filter.since), ("until", args.filter.until)];
    for (name, moment) in moments {
        parameters.extend(moment.map(|moment| (name, moment.to_string())));
    }
    if !args.filter.topic.is_empty() {
        parameters.push(("topics", args.filter.topic.join(",")));
    }
    let seer = Service::seer(&context.endpoints)?;
    let results: SearchResults = seer.get(&["search"], &parameters).await?;
    let output = &context.output;
    if output.json {
        output.json_line(&results)?;
    } else {
        for (index, hit) in results.hits.iter().enumerate() {
            print_hit(index + 1, hit, output)?;
        }
    }
    if results.hits.is_empty() {
        output.hint("nothing was found");
        return Ok(Outcome::NotYet);
    }
    Ok(Outcome::Done)
}

fn print_hit(number: usize, hit: &SearchHit, output: &Output) -> Result<(), Failure> {
    let rank = |name, rank: Option<Rank>| {
        rank.map(|Rank { rank, score }| format!("{name} {rank} ({score:.3})"))
    };
    let ranks = [
        rank("dense", hit.ranks.dense),
        rank("sparse", hit.ranks.sparse),
    ];
    let ranks: Vec<String> = ranks.into_iter().flatten().collect();
    let key = hit
        .key
        .as_deref()
        .map(|key| format!("  key {}", printable(key)));
    output.line(format!(
        "{} {:.4}  {}:{}:{}  {}{}  {}",
        output.paint(Paint::Bold, &format!("{number}.")),
        hit.score,
        printable(&hit.topic),
        hit.partition,
        hit.offset,
        hit.id,
        key.unwrap_or_default(),
        ranks.join(", "),
    ))?;
    let text = printable(&hit.text);
    output.line(format!("    {}", output.paint(Paint::Dim, &text)))
}
