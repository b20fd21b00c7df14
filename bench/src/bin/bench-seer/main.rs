//! The seer against its promises: how well it finds, how fast it learns, how soon a message can be found, and what a search
//! takes among many points.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark's output is its table"
)]

mod announced;
mod answers;
mod candle;
mod large;
mod learning;
mod live;
mod retrieval;
mod service;
mod xquad;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use bench::platform::Platform;
use clap::{Parser, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};

use candle::CandleAlone;
use xquad::Xquad;

/// Measures how well and how fast the seer finds and learns
#[derive(Parser)]
#[command(name = "bench-seer")]
pub(crate) struct Args {
    /// What is measured
    #[arg(value_enum, default_values_t = Part::value_variants())]
    parts: Vec<Part>,

    /// The program's release binary
    #[arg(long, env = "KAFKLOUD_BIN", default_value = "target/release/kafkloud")]
    kafkloud: PathBuf,

    /// Paragraphs with questions, in SQuAD's format (XQuAD's English part); not part of the project
    #[arg(
        long,
        env = "XQUAD_FILE",
        default_value = "../shared/data/xquad-en-a.json"
    )]
    xquad: PathBuf,

    /// Folder of the embedding model [default: where `make up` puts it]
    #[arg(long, env = "SEER_MODEL_DIR")]
    model_dir: Option<PathBuf>,

    /// Messages of one sentence that are learned for the rate
    #[arg(long, default_value_t = 2_000)]
    sentences: usize,

    /// Seconds of 50 messages each
    #[arg(long, default_value_t = 20)]
    live_s: u32,

    /// Points among which is searched
    #[arg(long, default_value_t = 100_000)]
    points: usize,

    /// Questions that are searched for among them
    #[arg(long, default_value_t = 500)]
    searches: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Part {
    /// How often a question's paragraph is found
    Retrieval,
    /// How often an answer is right, or rightly not known
    Answers,
    /// How many messages a second are learned
    Learning,
    /// How soon a message can be found
    Live,
    /// What a search takes among many points
    Large,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let Ok(xquad) = Xquad::read(&args.xquad) else {
        println!(
            "absent: {} (github.com/google-deepmind/xquad, xquad.en.json); name it by --xquad",
            args.xquad.display()
        );
        return Ok(());
    };
    let candle = CandleAlone::load(args.model_dir.clone())?;
    for part in &args.parts {
        println!("{}\n", part.measure(&args, &xquad, &candle).await?);
    }
    Ok(())
}

impl Part {
    /// Each part has a platform of its own: what another has sent would be found as well.
    async fn measure(
        self,
        args: &Args,
        xquad: &Xquad,
        candle: &CandleAlone,
    ) -> anyhow::Result<Table> {
        let start = async || Platform::start(&args.kafkloud, true).await;
        Ok(match self {
            Self::Retrieval => retrieval::measure(&start().await?, xquad).await?,
            Self::Answers => answers::measure(&start().await?, &args.xquad).await?,
            Self::Learning => {
                table(learning::measure(&start().await?, xquad, candle, args.sentences).await?)
            }
            Self::Live => {
                let duration = Duration::from_secs(args.live_s.into());
                table(vec![live::measure(&start().await?, duration).await?])
            }
            Self::Large => table(large::measure(args, xquad, candle).await?),
        })
    }
}

/// One promise and what came of it.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) wanted: Wanted,
    pub(crate) unit: &'static str,
}

pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
    /// Shown for comparison.
    Nothing,
}

impl Wanted {
    /// The promise in words, and what came of it.
    pub(crate) fn judge(&self, measured: f64, unit: &str) -> (String, &'static str) {
        let (wanted, reached) = match self {
            Self::AtLeast(least) => (format!("≥ {least} {unit}"), measured >= *least),
            Self::AtMost(most) => (format!("≤ {most} {unit}"), measured <= *most),
            Self::Nothing => return (String::new(), ""),
        };
        let verdict = if reached { "reached" } else { "missed" };
        (wanted.trim_end().to_owned(), verdict)
    }
}

fn table(rows: Vec<Row>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["the seer", "measured", "wanted", ""]);
    for row in rows {
        let (wanted, verdict) = row.wanted.judge(row.measured, row.unit);
        let measured = format!("{:.2} {}", row.measured, row.unit);
        table.add_row([row.what, measured, wanted, verdict.to_owned()]);
    }
    for column in 1..3 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A quantile of what was measured, in milliseconds.
pub(crate) fn quantile_ms(took: &mut [Duration], of_100: usize) -> anyhow::Result<f64> {
    took.sort_unstable();
    let at = took.get(took.len() * of_100 / 100);
    Ok(at.context("nothing was measured")?.as_secs_f64() * 1e3)
}
